/** How much of the tracks is read ahead of the network, in ms. A stop is heard that much later. */
export const AHEAD_MS = 400;
