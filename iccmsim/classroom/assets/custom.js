/* Before a game is left, ask. This file is read before the page's own scripts, so that its listener comes first: theirs
   ends the game at once, although the answer may be "stay". */
(() => {
  let held = false;
  let left = false;
  window.gameHasBegun = false;
  window.addEventListener("beforeunload", event => {
    if (window.gameHasBegun && !left) {
      held = true;
      event.stopImmediatePropagation();
      event.preventDefault();
      event.returnValue = "";
    }
  });
  window.addEventListener("pagehide", () => {
    if (held) { /* the answer was "leave": now the server may hear of it */
      left = true;
      window.dispatchEvent(new Event("beforeunload"));
    }
  });
})();
