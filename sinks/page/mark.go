package page

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

// mark is how a change stands, as a letter, a word and the class of its colour: none of them is needed to know the others.
type mark struct {
	Letter, Word, Class string
}

var marks = map[correlate.Outcome]mark{
	correlate.Regressed:    {"R", "regressed", "bad"},
	correlate.Healthy:      {"H", "healthy", "good"},
	correlate.Inconclusive: {"?", "inconclusive", "open"},
}

// markOf is the mark of a change.
func markOf(c correlate.ChangeRecord) mark {
	switch word := words.Standing(c); word {
	case "observed":
		return mark{"…", word, "open"}
	case "deploy failed":
		return mark{"F", word, "none"}
	case "cancelled":
		return mark{"X", word, "none"}
	case "not judged":
		return mark{"–", word, "none"}
	default:
		return marks[correlate.Outcome(word)]
	}
}

// listedMark is the mark of a change among others, where nothing else tells that people overruled its verdict.
func listedMark(c correlate.ChangeRecord) mark {
	if word := words.Listed(c); word == words.Overruled {
		return mark{"O", word, "open"}
	}
	return markOf(c)
}

// weight is how much a mark matters where several stand in one place.
func (m mark) weight() int {
	return map[string]int{"R": 5, "?": 4, "O": 3, "…": 2, "H": 1}[m.Letter]
}
