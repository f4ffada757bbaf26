import { randomBytes } from 'node:crypto'
import { createSimulator, type Simulator, type SimulatorOptions } from '@procore-auth/simulator'
import { onTestFinished } from 'vitest'
import { EventBus, type ProcoreAuthEventName } from '../../src/events.js'
import { exchangeAuthorizationCode } from '../../src/oauth/authorization-code.js'
import { requestServiceTokens } from '../../src/oauth/client-credentials.js'
import { refreshTokens } from '../../src/oauth/refresh-token.js'
import { revokeToken } from '../../src/oauth/revoke.js'
import { inspectAccessToken } from '../../src/oauth/token-info.js'
import { Secret } from '../../src/redact.js'
import { MemoryTokenStore } from '../../src/tokens/memory-token-store.js'
import type { GrantRef } from '../../src/tokens/renewal.js'
import { TokenManager } from '../../src/tokens/token-manager.js'
import { plainGrants, REDIRECT_URI, USER } from './core-manager.js'
import { createOAuthClient } from './core-oauth-client.js'

/** The offline Procore, one store, and as many processes as a test wants, over real HTTP. */
export interface Wire {
  readonly procore: Simulator
  readonly events: ProcoreAuthEventName[]
  process(options?: { readonly timeoutMs?: number }): TokenManager
  signIn(manager: TokenManager): Promise<GrantRef>
  /** Whether a call to the API with this access token succeeds. */
  honours(accessToken: Secret): Promise<boolean>
}

/** Starts the offline Procore; it ends with the test. */
export async function startWire(options: SimulatorOptions = {}): Promise<Wire> {
  const procore = await createSimulator({ ...options, redirectUris: [REDIRECT_URI] })
  onTestFinished(() => procore.close())
  const clock = { now: () => procore.clock.now(), sleep: (ms: number) => pause(Math.min(ms, 20)) }
  const store = new MemoryTokenStore({ clock })
  const names: ProcoreAuthEventName[] = []
  const client = (app: Simulator['serviceApp'], timeoutMs = 5_000) =>
    createOAuthClient(procore.loginOrigin, {
      clientId: app.clientId,
      clientSecret: new Secret(app.clientSecret),
      clock,
      timeoutMs,
    })
  const events = new EventBus()
  for (const name of ['tokens-refreshed', 'refresh-failed', 'reauthorization-required'] as const) {
    events.on(name, () => void names.push(name))
  }
  return {
    procore,
    events: names,
    process: ({ timeoutMs } = {}) => {
      const oauth = client(procore.app, timeoutMs)
      const service = client(procore.serviceApp, timeoutMs)
      return new TokenManager({
        grants: plainGrants(store),
        lostRefresh: 'resend',
        events,
        clock,
        randomBytes,
        refresh: (refreshToken, redirectUri) => refreshTokens(oauth, { refreshToken, redirectUri }),
        requestServiceTokens: () => requestServiceTokens(service),
        revoke: (token) => revokeToken(oauth, token),
        inspect: (token) => inspectAccessToken(oauth, token),
      })
    },
    signIn: async (manager) => {
      const code = new URL(await procore.authorize()).searchParams.get('code') ?? ''
      const tokens = await exchangeAuthorizationCode(client(procore.app), {
        code: new Secret(code),
        redirectUri: REDIRECT_URI,
      })
      const ref = manager.ref('authorization_code', 'jim')
      await manager.save(ref, { tokens, user: USER, redirectUri: REDIRECT_URI })
      return ref
    },
    honours: async (accessToken) => {
      const headers = { authorization: `Bearer ${accessToken.reveal()}` }
      const { status } = await fetch(`${procore.apiOrigin}/rest/v1.0/me`, { headers })
      return status === 200
    },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
