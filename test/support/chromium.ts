import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'

/** Whether there is a Chromium to test with. In CI a missing one is a failure, elsewhere a warning. */
export const hasChromium: boolean = existsSync(executablePath)

if (!hasChromium) {
  const message = `No Chromium at ${executablePath}: the browser tests are NOT RUN. Install it, or set CHROMIUM_PATH.`
  if (process.env['CI']) throw new Error(message)
  console.warn(`\n!!! ${message}\n`)
}

/** Starts Chromium without a window and without anything that calls home. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
