// The sound of a new message: two short tones. The page has no sound file, because it is one file without dependencies.

const TONES = [660, 880]; // Hz
const LENGTH = 0.09;      // seconds of each tone
const VOLUME = 0.08;      // 1 is the full volume

/** @type {AudioContext | null} */
let context = null;

/** Plays the sound. Until a person has clicked or typed in the page, the browser stays silent. */
export function playSound() {
  if (typeof AudioContext === 'undefined') return;
  context ??= new AudioContext();
  if (context.state === 'suspended') context.resume().catch(() => {});
  TONES.forEach((frequency, index) => {
    if (!context) return;
    const start = context.currentTime + index * LENGTH;
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(VOLUME, start);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + LENGTH);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + LENGTH);
  });
}
