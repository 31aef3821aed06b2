// Schedules the drawing of the page.

/**
 * Returns a function that runs the work at most once in each animation frame. A hidden page has no animation frames; then the work runs
 * within 250 ms.
 * @param {() => void} work
 */
export function oncePerFrame(work) {
  let frame = 0, timer = 0;
  const run = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    frame = 0;
    work();
  };
  return () => {
    if (frame) return;
    frame = requestAnimationFrame(run);
    timer = setTimeout(run, 250);
  };
}

let draw = () => {};

/**
 * Sets the function that draws the page.
 * @param {() => void} work
 */
export function setRenderer(work) { draw = work; }

let restUntil = 0; // by performance.now()

/** Draws in the next animation frame. After a drawing the page rests as long as the drawing took, so that it can handle input and messages. */
export const scheduleRender = oncePerFrame(() => {
  const begin = performance.now();
  if (begin < restUntil) return scheduleRender();
  draw();
  const end = performance.now();
  restUntil = end + end - begin;
});

export function renderNow() { draw(); }
