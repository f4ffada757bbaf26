import { createInterface } from 'node:readline/promises'
import {
  createProcoreAuth,
  type InstalledApp,
  isProcoreAuthError,
  optionsFromEnv,
} from '@procore-auth/core'
import { FileTokenStore } from '@procore-auth/core/node'

/*
 * A script for cron that acts for a person. The first run asks for a code; every later run calls
 * Procore without anybody, because the grant lies in a file and renews itself.
 */

const { GRANTS_DIRECTORY = '.procore-grants' } = process.env

try {
  const auth = createProcoreAuth({
    ...optionsFromEnv(),
    redirectUri: undefined,
    tokenStore: new FileTokenStore({ directory: GRANTS_DIRECTORY }),
  })
  const { state } = await auth.status()
  if (state !== 'connected') await auth.installedApp().complete(await ask(auth.installedApp()))
  const me = await auth
    .forUser()
    .get<{ readonly name: string; readonly login: string }>('/rest/v1.0/me')
  console.log(`Working for ${me.name} (${me.login})`)
  await auth.close()
} catch (error) {
  if (!isProcoreAuthError(error)) throw error
  console.error(error.message)
  process.exitCode = 1
}

/** Shows the address and waits for the code; without anybody to ask, what was pasted is empty. */
async function ask({ authorizationUrl }: InstalledApp): Promise<string> {
  console.log(
    `Open this address, allow access, and paste the code that Procore shows:\n\n  ${authorizationUrl}\n`,
  )
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) return line
  return ''
}
