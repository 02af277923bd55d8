package month

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// service is one service of the company, in one environment.
type service struct {
	name, team, environment string
	calls                   []int   // services that it calls
	callers                 []int   // services that call it
	rps                     float64 // on a working day at noon
	errors                  float64 // error ratio of a healthy version
	median                  float64 // latency in seconds
	perDay                  float64 // deploys on a working day
	risk                    float64 // that a deploy hurts
	lead                    time.Duration
	canary                  bool // deploys begin with a part of the traffic
	busy                    []span
	releases                []release // in order of time
}

// span is a stretch of time in Unix seconds.
type span struct{ from, to int64 }

// team is a team, its services, and how it works.
type team struct {
	name     string
	services []string
	perDay   float64
	risk     float64
	lead     time.Duration
	canary   bool
}

// teams are the twelve teams with their forty services.
func teams() []team {
	return []team{
		{"storefront", []string{"web", "mobile-api", "pages", "images"}, 1.1, 0.10, 6 * time.Hour, true},
		{"discovery", []string{"search", "search-index", "recommendations", "reviews"}, 0.8, 0.12, 9 * time.Hour, true},
		{"checkout", []string{"cart", "checkout", "pricing", "vouchers"}, 0.7, 0.10, 16 * time.Hour, true},
		{"payments", []string{"payments", "ledger", "fraud", "payouts"}, 0.35, 0.08, 40 * time.Hour, true},
		{"catalog", []string{"catalog", "inventory", "media"}, 0.6, 0.12, 20 * time.Hour, false},
		{"logistics", []string{"shipping", "tracking", "warehouse", "returns"}, 0.45, 0.16, 30 * time.Hour, false},
		{"identity", []string{"login", "accounts", "sessions"}, 0.4, 0.07, 26 * time.Hour, true},
		{"messaging", []string{"mail", "push", "notifications"}, 0.5, 0.14, 12 * time.Hour, false},
		{"growth", []string{"campaigns", "loyalty", "experiments"}, 0.8, 0.18, 5 * time.Hour, false},
		{"data", []string{"events", "metrics-export", "reports"}, 0.3, 0.15, 50 * time.Hour, false},
		{"platform", []string{"gateway", "config", "jobs"}, 0.3, 0.09, 22 * time.Hour, true},
		{"support", []string{"tickets", "chat"}, 0.35, 0.14, 18 * time.Hour, false},
	}
}

// graph says who calls whom.
func graph() map[string][]string {
	return map[string][]string{
		"gateway": {"web", "mobile-api"}, "web": {"pages", "search", "cart", "login"}, "mobile-api": {"search", "cart", "notifications"},
		"pages": {"catalog", "images", "recommendations"}, "search": {"search-index"}, "recommendations": {"reviews", "events"},
		"cart": {"pricing", "inventory"}, "checkout": {"payments", "shipping", "vouchers", "fraud"}, "pricing": {"vouchers"},
		"payments": {"ledger", "fraud"}, "payouts": {"ledger"}, "catalog": {"inventory", "media"}, "shipping": {"warehouse", "tracking"},
		"returns": {"warehouse", "payments"}, "login": {"accounts", "sessions"}, "notifications": {"mail", "push"},
		"campaigns": {"mail", "loyalty"}, "loyalty": {"accounts"}, "reports": {"events"}, "tickets": {"chat", "accounts"},
	}
}

// staged are the services that are deployed to staging as well, before production.
func staged() []string { return []string{"checkout", "payments", "search", "gateway"} }

// found makes the company.
func found(rng *rand.Rand) []*service {
	var all []*service
	at := map[string]int{}
	for _, t := range teams() {
		for _, name := range t.services {
			at[name] = len(all)
			all = append(all, &service{
				name: name, team: t.name, environment: "production",
				rps: 4 + 22*rng.Float64(), errors: 0.0005 + 0.003*rng.Float64(), median: 0.02 + 0.15*rng.Float64(),
				perDay: t.perDay * (0.6 + 0.8*rng.Float64()), risk: t.risk, lead: t.lead, canary: t.canary && rng.Float64() < 0.6,
			})
		}
	}
	calls := graph()
	for _, caller := range slices.Sorted(maps.Keys(calls)) {
		for _, name := range calls[caller] {
			all[at[caller]].calls = append(all[at[caller]].calls, at[name])
			all[at[name]].callers = append(all[at[name]].callers, at[caller])
		}
	}
	for _, name := range staged() {
		of := *all[at[name]]
		of.environment, of.rps, of.calls, of.callers, of.canary = "staging", 2, nil, nil, false
		all = append(all, &of)
	}
	return all
}
