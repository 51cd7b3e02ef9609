// Fetches the page anew and puts its boards in place of the old ones, so that a person can watch cards move.
"use strict";

const state = document.getElementById("state");

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.statusText);
      show(new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main"));
      document.body.dataset.state = "live";
      state.textContent = "live";
    } catch {
      document.body.dataset.state = "lost";
      state.textContent = "not reachable";
    }
  }
  setTimeout(refresh, 1500);
}

function show(next) {
  const shown = document.querySelector("main");
  if (!next || next.innerHTML === shown.innerHTML) return;
  const scrolled = new Map([...shown.querySelectorAll("[data-board]")].map((b) => [b.dataset.board, b.scrollLeft]));
  const focused = document.activeElement?.dataset?.board;
  shown.replaceWith(next);
  for (const board of next.querySelectorAll("[data-board]")) {
    board.scrollLeft = scrolled.get(board.dataset.board) ?? 0;
    if (board.dataset.board === focused) board.focus({ preventScroll: true });
  }
}

setTimeout(refresh, 1500);
