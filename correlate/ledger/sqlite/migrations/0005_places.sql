-- The latest changes of each service and environment, which a restart asks for.
CREATE INDEX changes_by_place ON changes (service, environment, at, id);
