import { APP_GUARD } from '@nestjs/core'
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js'
import { ProcoreAuthModule, ProcoreGuard } from '@procore-auth/nestjs'
import { createSimulator } from '@procore-auth/simulator'
import { describe, expect, it } from 'vitest'
import { Browser, optionsFor, PLATFORMS, startApp } from './support/app.js'

describe.each(PLATFORMS)('ProcoreGuard on $platform', (platform) => {
  it('guards everything when it is global, but not the routes of sign-in', async () => {
    const procore = await createSimulator()
    const app = await startApp(platform, {
      imports: [ProcoreAuthModule.forRoot(optionsFor(procore))],
      providers: [{ provide: APP_GUARD, useClass: ProcoreGuard }],
    })
    const browser = new Browser()
    expect((await browser.open(`${app.url}/who`)).status).toBe(302)
    await browser.signIn(app, { procore })
    expect((await browser.open(`${app.url}/who`)).status).toBe(200)
    await app.nest.close()
    await procore.close()
  })

  it('says what to do where the module is missing', async () => {
    const app = await startApp(platform, { imports: [] })
    const browser = new Browser()
    expect((await browser.open(`${app.url}/guarded`)).status).toBe(500)
    expect((await browser.open(`${app.url}/who`)).status).toBe(500)
    const faults = app.logger.errors.map(String)
    expect(faults).toHaveLength(2)
    for (const fault of faults) expect(fault).toContain('ProcoreAuthModule.forRoot()')
    await app.nest.close()
  })
})

describe('ProcoreGuard outside HTTP', () => {
  it('says what to do', async () => {
    const context = new ExecutionContextHost([{}, {}])
    context.setType('ws')
    await expect(new ProcoreGuard().canActivate(context)).rejects.toThrow(
      'in a ws handler use @InjectProcoreAuth() and forUser(id)',
    )
  })
})
