import type { LostRefreshPolicy } from '@procore-auth/core'
import type { RefreshMode } from '@procore-auth/simulator'
import { describe, expect, test } from 'vitest'
import type { Calls } from '../support/application.js'
import { report } from '../support/figures.js'
import { Scene } from '../support/scene.js'
import { sharedStores } from '../support/shared-stores.js'
import type { Site } from '../support/site.js'
import { type Step, stopAt } from '../support/steps.js'

/** What a restart finds, and how many requests Procore has got in the end. */
type Outcome = readonly [state: 'connected' | 'lost-response', requests: number]

const works = 'connected'
const lost = 'lost-response'

/** By where the process died: what comes of it, by the mode of Procore and the option `lostRefresh`. */
const OUTCOMES: readonly (readonly [Step, Record<RefreshMode | 'reauthorize', Outcome>])[] = [
  ['before-lease', { strict: [works, 1], 'on-use': [works, 1], reauthorize: [works, 1] }],
  ['before-intent', { strict: [works, 1], 'on-use': [works, 1], reauthorize: [works, 1] }],
  ['after-intent', { strict: [works, 1], 'on-use': [works, 1], reauthorize: [lost, 0] }],
  ['before-commit', { strict: [works, 2], 'on-use': [works, 2], reauthorize: [lost, 1] }],
  ['after-commit', { strict: [lost, 2], 'on-use': [works, 2], reauthorize: [lost, 1] }],
  ['before-write', { strict: [lost, 2], 'on-use': [works, 2], reauthorize: [lost, 1] }],
  ['after-write', { strict: [works, 1], 'on-use': [works, 1], reauthorize: [works, 1] }],
  ['before-release', { strict: [works, 1], 'on-use': [works, 1], reauthorize: [works, 1] }],
]
const LOOKED = ['afterwards', 'before'] as const
const POLICIES: readonly LostRefreshPolicy[] = ['resend', 'reauthorize']
/** A lease of 15 s, a grace of 5 s, and what a busy machine adds. */
const LONGEST_RECOVERY_MS = 35_000

interface Case {
  readonly site: Site
  readonly auth: Site['options']
  readonly principal: string
  readonly step: Step
  readonly outcome: Outcome
  /** When the process that comes after looks at the grant for the first time. */
  readonly looked: (typeof LOOKED)[number]
}

describe.concurrent.each(sharedStores)('%s: killed at a step', (_name, open) => {
  test('a process that is killed at any step of a refresh leaves a grant that works or names what was lost', async (ctx) => {
    const scene = await Scene.open(ctx, open)
    const cases = scene.sites.flatMap(casesOf)
    await scene.signInExpired(cases)

    const { processes } = await scene.application(2)
    const [victim = expect.unreachable(), bystander = expect.unreachable()] = processes
    const looked = cases.filter((one) => one.looked === 'before')
    const waiting = await Promise.all(
      looked.map((one) => stopAt(one.site, bystander, { ...one, step: 'before-lease' })),
    )
    const stopped = await Promise.all(cases.map((one) => stopAt(one.site, victim, one)))
    const died = Promise.allSettled(stopped.map(({ ended }) => ended))
    await victim.kill()
    const killedAt = Date.now()
    // Nobody was given a pair before all was done.
    expect(statuses(await died)).toEqual(new Set(['rejected']))

    const restarted = await scene.process()
    for (const { goOn } of waiting) goOn()
    const recoveries = cases.map(({ auth, principal }) => {
      const one = waiting.find((each) => each.principal === principal)
      return one?.ended ?? restarted.call({ auth, principal, calls: 1 })
    })
    const results = await Promise.all(recoveries)
    const found = await Promise.all(cases.map((one, index) => observe(one, results[index])))
    const recoveryMs = Date.now() - killedAt
    expect(found).toEqual(cases.map(expected))
    expect(recoveryMs).toBeLessThan(LONGEST_RECOVERY_MS)
    expect(scene.unannounced).toEqual([])
    report(ctx, {
      'crashes at a step': cases.length,
      'of them recovered': found.filter(({ state }) => state === works).length,
      'lost-response': found.filter(({ state }) => state === lost).length,
      'longest recovery ms': recoveryMs,
    })
  }, 120_000)
})

function casesOf(site: Site): Case[] {
  return POLICIES.flatMap((lostRefresh) =>
    OUTCOMES.flatMap(([step, outcomes]) =>
      LOOKED.map((looked) => ({
        site,
        auth: { ...site.options, lostRefresh },
        principal: `${site.mode}, ${lostRefresh}, ${step}, looked ${looked}`,
        step,
        outcome: outcomes[lostRefresh === 'resend' ? site.mode : lostRefresh],
        looked,
      })),
    ),
  )
}

interface Observation {
  readonly principal: string
  readonly state: string
  readonly requests: number
  readonly succeeded: number
  readonly codes: readonly string[]
}

async function observe({ site, principal }: Case, calls: Calls | undefined): Promise<Observation> {
  return {
    principal,
    state: await site.state(principal),
    requests: site.wire.of(principal).length,
    succeeded: calls?.succeeded ?? 0,
    codes: calls?.codes ?? [],
  }
}

function expected({ principal, outcome: [state, requests] }: Case): Observation {
  return {
    principal,
    state,
    requests,
    succeeded: state === works ? 1 : 0,
    codes: state === works ? [] : ['ERR_PROCORE_REAUTHORIZATION_REQUIRED'],
  }
}

function statuses(results: readonly PromiseSettledResult<unknown>[]): Set<string> {
  return new Set(results.map(({ status }) => status))
}
