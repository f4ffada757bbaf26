import { describe, expect, test } from 'vitest'
import { report } from '../support/figures.js'
import { Scene } from '../support/scene.js'
import { sharedStores } from '../support/shared-stores.js'

const PROCESSES = 4
const CALLERS = 2_500
/** Of a token that only Procore knows to be dead: each of these calls goes there first. */
const UNSUSPECTING_CALLERS = 100
const PRINCIPAL = 'dead'
const REFUSED = { succeeded: 0, codes: ['ERR_PROCORE_REAUTHORIZATION_REQUIRED'] }

describe.concurrent.each(sharedStores)('%s: a dead token', (_name, open) => {
  test('a dead token costs one refresh and one event per sign-in, however many call', async (ctx) => {
    const scene = await Scene.open(ctx, open)
    const application = await scene.application(PROCESSES)
    const [site = expect.unreachable()] = scene.sites
    const order = { auth: site.options, principal: PRINCIPAL }

    await site.signInExpired([PRINCIPAL])
    for (const user of site.procore.users) site.procore.revoke(user)
    expect(await application.call({ ...order, calls: CALLERS })).toMatchObject(REFUSED)
    expect(await application.call({ ...order, calls: CALLERS })).toMatchObject(REFUSED)
    expect(site.wire.of(PRINCIPAL).length).toBe(1)
    expect(application.events(PRINCIPAL)).toBe(1)
    expect(await site.state(PRINCIPAL)).toBe('invalid_grant')

    await site.signIn(PRINCIPAL)
    const works = await application.call({ ...order, calls: 1 })
    expect(works).toMatchObject({ succeeded: PROCESSES, codes: [] })
    for (const user of site.procore.users) site.procore.revoke(user)
    expect(await application.call({ ...order, calls: UNSUSPECTING_CALLERS })).toMatchObject(REFUSED)
    expect(site.wire.of(PRINCIPAL).length).toBe(2)
    expect(application.events(PRINCIPAL)).toBe(2)
    expect(site.unannounced).toEqual([])
    report(ctx, {
      'calls on a dead token': PROCESSES * (2 * CALLERS + UNSUSPECTING_CALLERS),
      'refreshes of it': site.wire.of(PRINCIPAL).length,
      'events reauthorization-required': application.events(PRINCIPAL),
    })
  }, 120_000)
})
