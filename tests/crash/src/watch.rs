//! Lets the database itself take down every write that a fence should have stopped. It knows the tables, and no code of tieout.

use crate::sql::Sql;

/// Where the violations are written down.
pub(crate) const TABLE: &str = "public.broken_fences";

/// Puts the watch up where tieout's tables are there and it is not.
pub(crate) async fn writes(state: &Sql) {
    let is_there =
        "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'tieout' AND c.relname = 'outbox'";
    if state.rows(is_there).await.is_empty() {
        return;
    }
    state.run(WATCH).await;
}

/// At the commit of whatever was written on behalf of a run, that run must hold the lease of the domain. A token never goes down,
/// and nobody takes a lease from somebody who is alive and gave a sign of life in time.
const WATCH: &str = "
CREATE TABLE IF NOT EXISTS public.broken_fences (at timestamptz DEFAULT clock_timestamp(), what text);
CREATE OR REPLACE FUNCTION public.holds_lease() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE holder_run text;
BEGIN
    SELECT run_id INTO holder_run FROM tieout.leases WHERE domain = NEW.domain AND each_ = NEW.each_;
    IF holder_run IS DISTINCT FROM NEW.run_id THEN
        INSERT INTO public.broken_fences (what) VALUES (format('%s of %s written by run %s while %s holds the lease',
            TG_TABLE_NAME, NEW.domain, NEW.run_id, coalesce(holder_run, 'nobody')));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION public.lease_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stat text := NULL;
BEGIN
    IF NEW.token < OLD.token THEN
        INSERT INTO public.broken_fences (what) VALUES (format('the token of %s went from %s to %s', NEW.domain, OLD.token, NEW.token));
    END IF;
    IF OLD.holder IS NOT NULL AND NEW.run_id IS NOT NULL AND OLD.run_id IS DISTINCT FROM NEW.run_id
        AND OLD.expires_at > clock_timestamp() THEN
        IF OLD.process IS NOT NULL THEN
            stat := pg_read_file('/proc/' || split_part(OLD.process, ' ', 3) || '/stat', 0, 10000, true);
        END IF;
        IF OLD.process IS NULL OR (stat IS NOT NULL AND stat !~ '[)] [ZX] ') THEN
            INSERT INTO public.broken_fences (what)
                VALUES (format('the lease of %s was taken from the living run %s', NEW.domain, OLD.run_id));
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER lease_is_kept AFTER UPDATE ON tieout.leases FOR EACH ROW EXECUTE FUNCTION public.lease_is_kept();
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'slices_fenced') THEN
        CREATE CONSTRAINT TRIGGER slices_fenced AFTER INSERT OR UPDATE ON tieout.slices
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.holds_lease();
        CREATE CONSTRAINT TRIGGER outbox_fenced AFTER INSERT ON tieout.outbox
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.holds_lease();
        CREATE CONSTRAINT TRIGGER findings_begun_fenced AFTER INSERT ON tieout.findings
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.holds_lease();
        CREATE CONSTRAINT TRIGGER findings_fenced AFTER UPDATE ON tieout.findings
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.run_id IS DISTINCT FROM NEW.run_id)
            EXECUTE FUNCTION public.holds_lease();
    END IF;
END $$;";
