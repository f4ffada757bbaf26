import { Controller, Get, Module, UseGuards } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { createProcoreAuth, type ProcoreContext } from '@procore-auth/core'
import { Procore, ProcoreAuth, ProcoreAuthModule, ProcoreGuard } from '@procore-auth/nestjs'
import { createSimulator } from '@procore-auth/simulator'
import { describe, expect, it } from 'vitest'
import { Browser, optionsFor, PLATFORMS } from './support/app.js'

@Controller()
class ProjectsController {
  @Get('projects')
  @UseGuards(ProcoreGuard)
  projects(@Procore() procore: ProcoreContext): Promise<unknown> {
    return procore.client.forCompany(42).get('/rest/v1.0/projects')
  }

  @Get('plain')
  @UseGuards(ProcoreGuard)
  plain() {
    return { plain: true }
  }
}

/** As in the application: what it takes from the environment is not there in a test. */
@Module({
  imports: [ProcoreAuthModule.forRoot()],
  controllers: [ProjectsController],
})
class AppModule {}

describe.each(PLATFORMS)('Test.createTestingModule on $platform', ({ adapter }) => {
  it('replaces ProcoreAuth by one that talks to the simulator', async () => {
    const procore = await createSimulator()
    const auth = createProcoreAuth(optionsFor(procore))
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(ProcoreAuth)
      .useValue(auth)
      .compile()
    const nest = module.createNestApplication(adapter())
    await nest.listen(0, '127.0.0.1')
    const app = { url: await nest.getUrl() }
    const browser = new Browser()
    expect((await browser.open(`${app.url}/plain`)).status).toBe(302)
    await browser.signIn(app, { procore })
    expect(await browser.json(`${app.url}/plain`)).toEqual({ plain: true })
    await nest.close()
    await auth.close()
    await procore.close()
  })

  it('replaces ProcoreAuth by a few lines, without any Procore', async () => {
    const projects = [{ id: 1, name: 'Bridge' }]
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(ProcoreAuth)
      .useValue({
        handle: () => undefined,
        guard: async () => undefined,
        context: () => ({ client: { forCompany: () => ({ get: async () => projects }) } }),
      })
      .compile()
    const nest = module.createNestApplication(adapter())
    await nest.listen(0, '127.0.0.1')
    expect(await new Browser().json(`${await nest.getUrl()}/projects`)).toEqual(projects)
    await nest.close()
  })

  it('replaces the guard', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(ProcoreAuth)
      .useValue({ handle: () => undefined })
      .overrideGuard(ProcoreGuard)
      .useValue({ canActivate: () => true })
      .compile()
    const nest = module.createNestApplication(adapter())
    await nest.listen(0, '127.0.0.1')
    expect(await new Browser().json(`${await nest.getUrl()}/plain`)).toEqual({ plain: true })
    await nest.close()
  })
})
