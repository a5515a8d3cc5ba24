/** Debian's Chromium. */
export const CHROMIUM = '/usr/bin/chromium'

/** Without a window, and without asking anything of the network by itself; as root too. */
export const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
