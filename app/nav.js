// A link of ours (class sg-go) is opened the way the browser's Back button opens a page: without loading
// everything anew. Where this script does not run, the same links load the page as usual.
(() => {
  if (window.sightglassNavigates) return;
  window.sightglassNavigates = true;
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a.sg-go") : null;
    const plain = !event.button && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || event.defaultPrevented || link.origin !== location.origin) return;
    event.preventDefault();
    const elsewhere = link.pathname !== location.pathname;
    history.pushState({}, "", link.href);
    window.dispatchEvent(new PopStateEvent("popstate"));
    const narrow = window.matchMedia("(max-width: 900px)").matches;
    if (elsewhere || narrow) document.querySelector('[data-testid="stMain"]')?.scrollTo({ top: 0 });
  });
})();
