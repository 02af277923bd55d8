-- A page of a list costs by what is on it, whatever it is restricted to.
CREATE INDEX changes_by_environment ON changes (environment, at, id);
CREATE INDEX changes_by_version ON changes (version, at, id);
CREATE INDEX changes_by_phase ON changes (phase, at, id);
CREATE INDEX incidents_by_environment ON incidents (environment, opened_at, id);
CREATE INDEX incidents_open_by_time ON incidents (open, opened_at, id);
CREATE INDEX regressions_by_environment ON regressions (environment, onset_at, id);

-- By the name of a service without its namespace, which is what comes after the last slash.
CREATE INDEX changes_by_name ON changes (substr(service, length(rtrim(service, replace(service, '/', ''))) + 1), at, id);
CREATE INDEX incidents_by_name ON incidents (substr(service, length(rtrim(service, replace(service, '/', ''))) + 1), opened_at, id);
