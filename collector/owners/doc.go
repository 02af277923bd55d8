// Package owners answers: whose is a service?
//
// It reads three kinds of ownership and gives each service a team and a system (the label system of its changes). The first kind that names a service decides,
// for the team and for the system apart:
//
//  1. the mapping in the configuration, whose first rule that fits decides;
//
//  2. Components and Systems of Backstage's catalog-info.yaml files;
//
//  3. CODEOWNERS files in the form of GitHub or GitLab, with the folder that holds a service.
//
//     owners:
//     services:
//     - {is: [checkout, cart], team: shop, system: store}
//     - {matches: "pay-.+", team: payments}          # a regular expression (RE2) for the whole name
//     - {matches: "(.+)-(api|web)", team: "{1}"}     # {1} or {group}: what a group of it matched
//     catalogs: [/srv/repositories/**/catalog-info.yaml]
//     codeowners:
//     - file: /srv/repositories/shop/.github/CODEOWNERS
//     format: github                               # or gitlab
//     folders: ["services/{service}"]              # where services are by their names
//     services: {search: apps/search-api}          # where others are
//
// Ownership is applied like a naming rule: when facts are read from a delivery, after the names. What it says of a service takes
// the place of a team that the sender told, so that all reports of a change say the same, in whatever order they come. A
// service that it doesn't know keeps what was told. The digest is part of that of each projection: when an owner changes,
// kept deliveries are read again, and the history of each record that moved tells from which team to which.
//
// A mistake in the configuration is an error. A mistake in a file that others write is a Problem: it is told, and what the
// file says otherwise holds.
package owners
