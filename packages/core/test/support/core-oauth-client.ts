import { onTestFinished } from 'vitest'
import { createTransport } from '../../src/api/transport.js'
import type { OAuthClient } from '../../src/oauth/client.js'
import { Secret } from '../../src/redact.js'
import { CANARY } from './core-canaries.js'
import { TestClock } from './core-clock.js'

/** Creates the client of the oauth functions over the real transport; closed with the test. */
export function createOAuthClient(
  loginOrigin: string,
  overrides: Partial<OAuthClient> = {},
): OAuthClient {
  const transport = createTransport({ apiOrigin: loginOrigin, timeoutMs: 5_000 })
  onTestFinished(() => transport.close())
  return {
    loginOrigin,
    clientId: 'client-id',
    clientSecret: new Secret(CANARY.clientSecret),
    scope: undefined,
    fetch: (url, init) => transport.tokenFetch(url, init),
    timeoutMs: 5_000,
    clock: new TestClock(),
    ...overrides,
  }
}
