// The keys of the page, for the list in the settings.

/** @type {{ keys: string[], words: string }[]} */
export const KEYS = [
  { keys: ['Ctrl K'], words: 'Jump to a room, a person or a message' },
  { keys: ['Alt ↑', 'Alt ↓'], words: 'The room before or after this one' },
  { keys: ['Alt Shift ↑', 'Alt Shift ↓'], words: 'The unread room before or after this one' },
  { keys: ['Enter'], words: 'Send the message' },
  { keys: ['Shift Enter'], words: 'Begin a new line' },
  { keys: ['↑'], words: 'Edit your last message, if the input is empty' },
  { keys: ['Tab'], words: 'Complete a name, a room or a command' },
  { keys: ['Escape'], words: 'Close what is open, then go to the newest message' },
  { keys: ['Enter', '↑', '↓', '←', '→'], words: 'In the log: the newest message, other messages, the buttons of a message' },
  { keys: ['Ctrl /', '?'], words: 'Show this list' },
];
