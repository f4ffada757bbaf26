import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ApplicationProcess, Calls } from '../support/application.js'
import { report } from '../support/figures.js'
import { Scene } from '../support/scene.js'
import { sharedStores } from '../support/shared-stores.js'
import type { Site } from '../support/site.js'
import { type Step, stopAt } from '../support/steps.js'

/** What the rest of the world does while a process that holds a lease is suspended. */
const MEANWHILE = [
  'nobody acts',
  'a sibling calls',
  'a user signs in',
  'a user disconnects',
] as const
type Meanwhile = (typeof MEANWHILE)[number]

/** How many refreshes reach Procore in all, by where the process was suspended. */
const REQUESTS: readonly (readonly [Step, Record<Meanwhile, number>])[] = [
  ['before-lease', requests(1, 1, 0, 1)],
  ['before-intent', requests(1, 1, 0, 1)],
  ['after-intent', requests(1, 1, 0, 1)],
  ['before-commit', requests(1, 2, 1, 2)],
  ['after-commit', requests(1, 2, 1, 2)],
  ['before-write', requests(1, 2, 1, 2)],
  ['after-write', requests(1, 1, 1, 1)],
  ['before-release', requests(1, 1, 1, 1)],
]
/** Longer than a lease. */
const SHORTEST_PAUSE_MS = 16_000
/** When a lease has ended, and the sibling who took it still waits for the process that had it. */
const WITHIN_GRACE_MS = 16_500
const DONE = { succeeded: 1, codes: [] }
const LOST = { succeeded: 0, codes: ['ERR_PROCORE_REAUTHORIZATION_REQUIRED'] }
const DISCONNECTED = { succeeded: 0, codes: ['ERR_PROCORE_NOT_CONNECTED'] }

interface Case {
  readonly site: Site
  readonly auth: Site['options']
  readonly principal: string
  readonly step: Step
  readonly meanwhile: Meanwhile
  readonly requests: number
}

describe.concurrent.each(sharedStores)('%s: suspended', (_name, open) => {
  test('a process that is suspended beyond its lease at any step undoes nothing and loses nothing', async (ctx) => {
    const scene = await Scene.open(ctx, open)
    const cases = scene.sites.flatMap(casesOf)
    await scene.signInExpired(cases)
    const { processes } = await scene.application(2)
    const [holder = expect.unreachable(), sibling = expect.unreachable()] = processes

    const stopped = await Promise.all(cases.map((one) => stopAt(one.site, holder, one)))
    holder.suspend()
    const acted = await Promise.all([
      Promise.all(cases.map((one) => act(one, sibling))),
      delay(SHORTEST_PAUSE_MS),
    ])
    const signedIn = await Promise.all(cases.map(({ site, principal }) => site.row(principal)))
    const isLate = (index: number) => cases[index]?.step === 'before-commit'
    // It is woken in the middle of a step; where Procore has answered, the answer is there already.
    for (const [index, { goOn }] of stopped.entries()) if (!isLate(index)) goOn()
    holder.wake()
    for (const [index, { goOn }] of stopped.entries()) if (isLate(index)) goOn()
    const ended = await Promise.all(stopped.map((one) => one.ended))

    const found = await Promise.all(
      cases.map(async (one, index) => ({
        principal: one.principal,
        others: outcomeOf(acted[0][index]),
        own: outcomeOf(ended[index]),
        requests: one.site.wire.of(one.principal).length,
        isSignInKept:
          (await one.site.row(one.principal))?.generation === signedIn[index]?.generation,
        end: await endOf(one, sibling),
      })),
    )
    expect(found).toEqual(
      cases.map((one, index) => ({
        principal: one.principal,
        others: expectedOfOthers(one),
        own: one.meanwhile === 'a user disconnects' ? DISCONNECTED : DONE,
        requests: one.requests,
        isSignInKept: one.meanwhile === 'a user signs in' ? true : found[index]?.isSignInKept,
        end: expectedEnd(one),
      })),
    )
    expect(scene.unannounced).toEqual([])
    const needless = cases.filter((one) => expectedOfOthers(one) !== LOST)
    expect(sibling.events.length).toBe(cases.length - needless.length)
    expect(holder.events).toEqual([])
    report(ctx, {
      pauses: cases.length,
      'of them usable in the end': found.filter(({ end }) => end.state === 'connected').length,
      'pairs revoked that could not be stored': found.reduce(
        (sum, { end }) => sum + end.revoked,
        0,
      ),
    })
  }, 120_000)

  test('a process that wakes while a sibling waits for it is heard, and nobody refreshes twice', async (ctx) => {
    const scene = await Scene.open(ctx, open)
    const cases = scene.sites.flatMap(casesOf).filter((one) => one.meanwhile === 'a sibling calls')
    await scene.signInExpired(cases)
    const { processes } = await scene.application(2)
    const [holder = expect.unreachable(), sibling = expect.unreachable()] = processes

    const stopped = await Promise.all(cases.map((one) => stopAt(one.site, holder, one)))
    holder.suspend()
    const acted = Promise.all(cases.map((one) => act(one, sibling)))
    await delay(WITHIN_GRACE_MS)
    for (const { goOn } of stopped) goOn()
    holder.wake()
    const results = [...(await acted), ...(await Promise.all(stopped.map(({ ended }) => ended)))]
    for (const calls of results) expect(outcomeOf(calls)).toEqual(DONE)
    const requests = cases.map(({ site, principal }) => [principal, site.wire.of(principal).length])
    expect(requests).toEqual(cases.map(({ principal }) => [principal, 1]))
    expect([...holder.events, ...sibling.events]).toEqual([])
    expect(scene.unannounced).toEqual([])
    report(ctx, { 'pauses that end within the grace time': cases.length })
  }, 120_000)
})

function requests(...counts: readonly [number, number, number, number]): Record<Meanwhile, number> {
  const [nobody, sibling, signIn, disconnect] = counts
  return {
    'nobody acts': nobody,
    'a sibling calls': sibling,
    'a user signs in': signIn,
    'a user disconnects': disconnect,
  }
}

function casesOf(site: Site): Case[] {
  return MEANWHILE.flatMap((meanwhile) =>
    REQUESTS.map(([step, counts]) => ({
      site,
      auth: site.options,
      principal: `${site.mode}, ${step}, ${meanwhile}`,
      step,
      meanwhile,
      requests: counts[meanwhile],
    })),
  )
}

async function act(
  { site, auth, principal, meanwhile }: Case,
  sibling: ApplicationProcess,
): Promise<Calls | undefined> {
  if (meanwhile === 'a sibling calls') return sibling.call({ auth, principal, calls: 1 })
  if (meanwhile === 'a user disconnects') return sibling.disconnect({ auth, principal })
  if (meanwhile === 'a user signs in') await site.signIn(principal)
  return undefined
}

/** Whether the suspended process has the only copy of a pair that Procore has issued. */
function isHolding({ step }: Case): boolean {
  return step === 'after-commit' || step === 'before-write'
}

function expectedOfOthers(one: Case): typeof LOST | typeof DONE | undefined {
  const { meanwhile, site } = one
  if (meanwhile === 'a user disconnects') return DONE
  if (meanwhile !== 'a sibling calls') return undefined
  // The sibling cannot know that the pair will come back.
  return isHolding(one) && site.mode === 'strict' ? LOST : DONE
}

/** Whether the suspended process comes with a pair whose place is taken. */
function isRevoked(one: Case): boolean {
  const { meanwhile, site, step } = one
  if (meanwhile === 'a user signs in') return isHolding(one) || step === 'before-commit'
  return meanwhile === 'a sibling calls' && isHolding(one) && site.mode === 'on-use'
}

/** What has become of a grant. */
interface End {
  readonly state: string
  /** Whether a call succeeds. */
  readonly isUsable: boolean
  /** How many of its pairs were revoked because they could not be stored. */
  readonly revoked: number
  /** How many of its pairs Procore honours, and whether the stored one is among them. */
  readonly honoured: number
  readonly isStoredHonoured: boolean
}

async function endOf(one: Case, sibling: ApplicationProcess): Promise<End> {
  const { site, auth, principal, meanwhile } = one
  const { wire } = site
  const own = wire.issued.filter((pair) => pair.principal === principal)
  const revoked = own.filter(({ accessToken }) => wire.revoked.includes(accessToken))
  const { succeeded } = await sibling.call({ auth, principal, calls: 1 })
  const honoured = await site.honoured(principal)
  const { accessToken = '' } = (await site.row(principal)) ?? {}
  return {
    state: await site.state(principal),
    isUsable: succeeded === 1,
    // A disconnect revokes whatever it finds.
    revoked: meanwhile === 'a user disconnects' ? 0 : revoked.length,
    honoured: honoured.length,
    isStoredHonoured: honoured.includes(accessToken),
  }
}

function expectedEnd(one: Case): End {
  const { meanwhile, step } = one
  const isConnected = meanwhile !== 'a user disconnects'
  // A pair that was stored and in use when the user signed in lives on beside the new one.
  const isReplaced =
    meanwhile === 'a user signs in' && (step === 'after-write' || step === 'before-release')
  return {
    state: isConnected ? 'connected' : 'not-connected',
    isUsable: isConnected,
    revoked: isConnected && isRevoked(one) ? 1 : 0,
    honoured: isConnected ? (isReplaced ? 2 : 1) : 0,
    isStoredHonoured: isConnected,
  }
}

function outcomeOf(calls: Calls | undefined): Pick<Calls, 'succeeded' | 'codes'> | undefined {
  return calls && { succeeded: calls.succeeded, codes: calls.codes }
}
