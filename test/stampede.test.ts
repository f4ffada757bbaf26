import { setTimeout as delay } from 'node:timers/promises'
import { createProcoreAuth, type ProcoreAuthOptions } from '@procore-auth/core'
import { createSimulator, type Simulator } from '@procore-auth/simulator'
import { afterEach, describe, expect, type TestContext, test } from 'vitest'
import { Application, ApplicationProcess, type Calls } from './support/application.js'
import { report } from './support/figures.js'
import { hasRedis, type OpenSharedStore, openRedis, sharedStores } from './support/shared-stores.js'

const PROCESSES = 8
const CALLS = 50
const OUT_OF_BAND = 'urn:ietf:wg:oauth:2.0:oob'
const ALL = { succeeded: PROCESSES * CALLS, codes: [] }

let procore: Simulator

afterEach(() => procore.close())

/** What all processes of the application have in common. */
function optionsOf(simulator: Simulator): ProcoreAuthOptions {
  const { loginOrigin, apiOrigin, app } = simulator
  return {
    environment: { loginOrigin, apiOrigin },
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    secret: app.clientSecret,
  }
}

/** Stores a grant whose access token lives for a second, and starts processes that share it. */
async function signIn(ctx: TestContext, open: OpenSharedStore): Promise<() => Promise<Calls>> {
  procore = await createSimulator({ accessTokenLifetimeSeconds: 1 })
  const shared = await open()
  ctx.onTestFinished(() => shared.close())
  const options = optionsOf(procore)
  const auth = createProcoreAuth({ ...options, tokenStore: shared.store })
  await auth.installedApp().complete(await procore.authorize({ redirectUri: OUT_OF_BAND }))
  await auth.close()
  procore.setAccessTokenLifetime(5_400)
  const starting = Array.from({ length: PROCESSES }, () => ApplicationProcess.start(shared))
  const application = new Application(await Promise.all(starting))
  for (const process of application.processes) ctx.onTestFinished(() => process.kill())
  return () => application.call({ auth: options, calls: CALLS })
}

/** Keeps what stampedes came to; the numbers are the ledger's and the processes'. */
function reportStampedes(ctx: TestContext, results: readonly Calls[]): void {
  const { ledger } = procore
  report(ctx, {
    stampedes: results.length,
    processes: PROCESSES,
    calls: results.length * PROCESSES * CALLS,
    succeeded: results.reduce((sum, { succeeded }) => sum + succeeded, 0),
    refreshes: ledger.refreshes().length,
    'spent tokens sent': ledger.count({ reusedRefreshToken: true }),
  })
}

describe.each(sharedStores)('%s: 8 processes with 50 callers each', (_name, open) => {
  test('on one expired token send one refresh, and all calls succeed', async (ctx) => {
    const call = await signIn(ctx, open)
    await delay(1_100)
    const expired = await call()
    expect(expired).toMatchObject(ALL)
    expect(procore.ledger.refreshes()).toHaveLength(1)
    // Procore ends it before its time: everybody hears 401 at once.
    procore.expireAccessTokens()
    const rejected = await call()
    expect(rejected).toMatchObject(ALL)
    expect(procore.ledger.refreshes()).toHaveLength(2)
    expect(procore.ledger.count({ reusedRefreshToken: true })).toBe(0)
    reportStampedes(ctx, [expired, rejected])
  })
})

test.skipIf(!hasRedis)(
  'a token endpoint that takes 22 s, longer than a lease and a grace time, still gets one refresh',
  async (ctx) => {
    const call = await signIn(ctx, openRedis)
    procore.faults.add({ on: 'token', kind: 'latency', ms: 22_000 })
    await delay(1_100)
    const slow = await call()
    expect(slow).toMatchObject(ALL)
    expect(procore.ledger.refreshes()).toHaveLength(1)
    reportStampedes(ctx, [slow])
  },
)

test('1,000 callers in one process on one expired token send one refresh', async () => {
  procore = await createSimulator()
  const auth = createProcoreAuth(optionsOf(procore))
  await auth.installedApp().complete(await procore.authorize({ redirectUri: OUT_OF_BAND }))
  procore.expireAccessTokens()
  const calls = Array.from({ length: 1_000 }, () => auth.forUser().get('/rest/v1.0/me'))
  expect(await Promise.all(calls)).toHaveLength(1_000)
  expect(procore.ledger.refreshes()).toHaveLength(1)
  await auth.close()
})
