// Package names answers: which service, environment and version does a sender mean?
//
// One service has many names: the repository's, the CD system's, the one in its telemetry. Rules map them to one, after
// a source has read a delivery and before its facts are stored; the same rules apply to telemetry, so that a change meets
// the measurements of its service. Rules are pure, and their digest is part of the digest of every projection: when a rule
// changes, kept deliveries are read again.
//
//	names:
//	  services:
//	    - is: [acme/checkout, checkout-svc]   # any of these, exactly
//	      name: checkout
//	    - matches: acme/([a-z-]+)-deploy      # a regular expression (RE2) for the whole name
//	      name: "{1}"                         # {1} or {group}: what a group of it matched
//	  environments:
//	    - is: [prod-eu]
//	      name: production-eu
//	      tier: production                    # production, staging, testing, development, preview or other
//	    - matches: sandbox-.*
//	      tier: preview                       # what happens in a preview is left out
//	  versions:
//	    - matches: "[a-z-]+@(.+)"
//	      name: "{1}"
//	  default_environments: true              # also try the rules of DefaultEnvironments
//	  default_versions: true                  # image references, refs/tags/… and package URLs: what Version reads
//
// Of each list the first rule that fits decides; what none fits stays as it was told.
package names
