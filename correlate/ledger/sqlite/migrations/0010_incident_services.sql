-- Which services an incident is about. A list of the incidents of a service costs by what is on it.
CREATE TABLE incident_services (
    id        TEXT NOT NULL,
    service   TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    PRIMARY KEY (id, service)
) STRICT, WITHOUT ROWID;
INSERT INTO incident_services SELECT id, service, opened_at FROM incidents WHERE service <> '';
CREATE INDEX incident_services_by_service ON incident_services (service, opened_at, id);
CREATE INDEX incident_services_by_name ON incident_services (substr(service, length(rtrim(service, replace(service, '/', ''))) + 1), opened_at, id);
DROP INDEX incidents_by_service;
DROP INDEX incidents_by_name;
