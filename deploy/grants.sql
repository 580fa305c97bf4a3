-- The least rights that tieout needs in PostgreSQL: one role that reads the application's tables, one that owns tieout's
-- state, one that adds to the queue; and what a consumer of that queue needs. Run it as a superuser in each database that is
-- concerned, with the names filled in:
--
--   psql -d app     -v table=charges       -f deploy/grants.sql -v what=read
--   psql -d tieout                         -f deploy/grants.sql -v what=state
--   psql -d queue   -v table=tieout_events -f deploy/grants.sql -v what=queue
--   psql -d queue   -v table=tieout_events -f deploy/grants.sql -v what=consumer
--
-- The roles are called tieout_read, tieout_state, tieout_queue and tieout_consumer; `-v role=NAME` names another. Give them passwords or
-- certificates of their own; this file sets none. `tieout doctor` says whether a role may more than it needs.
\set ON_ERROR_STOP on

SELECT :'what' = 'read' AS is_read, :'what' = 'state' AS is_state, :'what' = 'queue' AS is_queue,
       :'what' = 'consumer' AS is_consumer \gset

\if :{?role}
\else
  SELECT 'tieout_' || :'what' AS role \gset
\endif

SELECT format('CREATE ROLE %I LOGIN', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec

\if :is_read
  ALTER ROLE :"role" SET default_transaction_read_only = on;
  GRANT SELECT ON :"table" TO :"role";
\endif

\if :is_state
  CREATE SCHEMA IF NOT EXISTS tieout AUTHORIZATION :"role";
\endif

\if :is_queue
  GRANT INSERT, SELECT ON :"table" TO :"role";
  SELECT format('GRANT USAGE ON SEQUENCE %s TO %I', pg_get_serial_sequence(:'table', 'seq'), :'role') \gexec
\endif

\if :is_consumer
  -- It marks and purges rows; adding them is not its work.
  GRANT SELECT, UPDATE, DELETE ON :"table" TO :"role";
\endif
