-- MariaDB knows the first variable, in seconds; MySQL the second, in milliseconds. Each takes the
-- other's part for a comment. A table that is being altered is waited for by the third.
SET SESSION /*M!100101 max_statement_time = ?, */ /*!50708 max_execution_time = ?, */
  lock_wait_timeout = ?, innodb_lock_wait_timeout = ?
