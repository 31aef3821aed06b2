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

export const scheduleRender = oncePerFrame(() => draw());

export function renderNow() { draw(); }
