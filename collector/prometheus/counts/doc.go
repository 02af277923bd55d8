// Package counts answers: what did each counter and histogram of a Prometheus add, from one scrape to the next, in integers?
//
// A scrape tells how much there was since the process began. What was added is the difference of two neighbours, whole, never
// spread over the time between them and never extrapolated, as increase() does. The cases are:
//
//  1. The value is not less than the one before: the difference.
//  2. It is less, or the process began since: a reset. The value counts from nothing. What died unseen is unknown.
//  3. There is none before, and the target was scraped without the series: it was at nothing, so the value counts whole.
//     These are the first errors of a process, which increase() loses.
//  4. There is none before, and the process began while we listened: nobody counted it yet, so the value counts whole.
//  5. There is none before otherwise: the value is what later ones are compared with, and counts nothing.
//
// A histogram may be scraped as a classic one, as a native one (package native), or as both: of two scrapes that both have the
// native one that counts, and otherwise the classic one.
//
// A sample is told by its series and its time, so that reading one twice counts once. Samples may come in any order and in
// any pieces until Advance passes them; what comes after that is late, and left out.
package counts
