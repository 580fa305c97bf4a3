-- The least rights that tieout needs in a MySQL or MariaDB that it reads: one account that reads the application's tables.
-- State and queues are kept elsewhere. The client has no variables for names, so fill them in on the way, once per table:
--
--   sed 's/{database}/app/; s/{table}/charges/; s/{login}/tieout_read/' deploy/grants-mysql.sql | mysql
--
-- The account is locked until it has a password, because without one everybody could log in:
--
--   ALTER USER tieout_read@'%' IDENTIFIED BY '...' ACCOUNT UNLOCK;
--
-- `tieout doctor` says whether an account may more than it needs.
CREATE USER IF NOT EXISTS '{login}'@'%' ACCOUNT LOCK;
GRANT SELECT ON `{database}`.`{table}` TO '{login}'@'%';
