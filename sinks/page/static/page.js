// Keeps a page that is open as what it shows becomes another thing. Without this script a page shows what was known when it
// was loaded.
const main = document.querySelector("main[data-live]");
const apart = 1000; // milliseconds between two loads

if (main && window.EventSource) {
  const news = new EventSource(main.dataset.live);
  let opened = false, due = 0, loading = false, again = false;

  const load = async () => {
    if (loading) {
      again = true;
      return;
    }
    loading = true;
    try {
      const answer = await fetch(location.href);
      if (answer.ok) {
        swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
      }
    } catch {
      // The stream tells when the daemon is back.
    } finally {
      loading = false;
      if (again) {
        again = false;
        soon();
      }
    }
  };

  const soon = () => {
    clearTimeout(due);
    due = setTimeout(load, apart);
  };

  // Somebody who types or has opened a part is not disturbed.
  const swap = (next) => {
    const found = next.querySelector("main");
    if (!found || main.contains(document.activeElement) && document.activeElement.matches("input, select")) {
      return;
    }
    const open = [...main.querySelectorAll("details[open] > summary")].map((s) => s.textContent);
    const verdict = (m) => m.querySelector(".verdict")?.textContent.trim().replace(/\s+/g, " ") ?? "";
    const before = verdict(main), after = verdict(found);
    main.replaceChildren(...found.childNodes);
    for (const s of main.querySelectorAll("details > summary")) {
      s.parentElement.open = open.includes(s.textContent);
    }
    const clock = next.querySelector(".clock");
    if (clock) {
      document.querySelector(".clock").textContent = clock.textContent;
    }
    if (after !== before) {
      document.getElementById("said").textContent = after;
      document.title = next.title;
    }
  };

  news.addEventListener("open", () => {
    if (opened) {
      soon();
    }
    opened = true;
  });
  news.addEventListener("changed", soon);
}
