-- The least rights that tieout needs in PostgreSQL: one role that reads the application's tables, one that owns tieout's
-- state, one that adds to the queue. Run it as a superuser in each database that is concerned, with the names filled in:
--
--   psql -d app     -v table=charges       -f deploy/grants.sql -v what=read
--   psql -d tieout                         -f deploy/grants.sql -v what=state
--   psql -d queue   -v table=tieout_events -f deploy/grants.sql -v what=queue
--
-- Give the roles passwords or certificates of their own; this file sets none.
\set ON_ERROR_STOP on

SELECT :'what' = 'read' AS is_read, :'what' = 'state' AS is_state, :'what' = 'queue' AS is_queue \gset

\if :is_read
  SELECT 'CREATE ROLE tieout_read LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tieout_read') \gexec
  ALTER ROLE tieout_read SET default_transaction_read_only = on;
  GRANT SELECT ON :"table" TO tieout_read;
\endif

\if :is_state
  SELECT 'CREATE ROLE tieout_state LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tieout_state') \gexec
  CREATE SCHEMA IF NOT EXISTS tieout AUTHORIZATION tieout_state;
\endif

\if :is_queue
  SELECT 'CREATE ROLE tieout_queue LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tieout_queue') \gexec
  GRANT INSERT, SELECT ON :"table" TO tieout_queue;
  SELECT format('GRANT USAGE ON SEQUENCE %s TO tieout_queue', pg_get_serial_sequence(:'table', 'seq')) \gexec
\endif
