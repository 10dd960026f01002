SET LOCAL statement_timeout = ?;
SET LOCAL lock_timeout = ?;
SET LOCAL datestyle = 'ISO';
SET LOCAL search_path TO ?
