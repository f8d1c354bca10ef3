/** In an export, the folder of the log that came before; which may have one too. */
export const PREDECESSOR = 'predecessor';
