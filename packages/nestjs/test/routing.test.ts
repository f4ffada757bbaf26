import {
  Controller,
  Get,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  UseGuards,
  VersioningType,
} from '@nestjs/common'
import type { ProcoreContext } from '@procore-auth/core'
import { Procore, ProcoreAuthModule, ProcoreGuard, ProcoreUser } from '@procore-auth/nestjs'
import { createSimulator } from '@procore-auth/simulator'
import { describe, expect, it } from 'vitest'
import { Browser, optionsFor, PLATFORMS, startApp } from './support/app.js'

@Controller({ path: 'versioned', version: '1' })
class VersionedController {
  @Get()
  @UseGuards(ProcoreGuard)
  get(@ProcoreUser() user: ProcoreUser) {
    return { login: user.login }
  }
}

@Controller('production')
class ProductionController {
  @Get('who')
  who(
    @Procore('production') procore: ProcoreContext,
    @ProcoreUser('production') user: ProcoreUser | undefined,
    @ProcoreUser() sandbox: ProcoreUser | undefined,
  ) {
    const { isAuthenticated } = procore
    return { isAuthenticated, user: user?.login, sandbox: sandbox?.login }
  }

  @Get('me')
  @UseGuards(ProcoreGuard.for('production'))
  me(@Procore('production') procore: ProcoreContext): Promise<unknown> {
    return procore.client.get('/rest/v1.0/me')
  }

  @Get('missing')
  @UseGuards(ProcoreGuard.for('staging'))
  missing(): void {}
}

/** Notes what Nest's middlewares see. */
const seen: unknown[] = []

@Module({})
class MiddlewareModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((req: { readonly procore: ProcoreContext }, _res: unknown, next: () => void) => {
        seen.push(req.procore.user?.login)
        next()
      })
      .forRoutes('{*path}')
  }
}

@Module({})
class LeavingModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply(
        async (
          { procore, originalUrl }: { procore: ProcoreContext; originalUrl: string },
          _res: unknown,
          next: () => void,
        ) => {
          if (originalUrl === '/enter-early') {
            procore.login()
            return
          }
          if (originalUrl.endsWith('?leave')) await procore.logout()
          next()
        },
      )
      .forRoutes('{*path}')
  }
}

describe.each(PLATFORMS)('NestJS on $platform', (platform) => {
  it('keeps the routes of sign-in where they are, with a global prefix and versions', async () => {
    const procore = await createSimulator()
    const app = await startApp(platform, {
      imports: [ProcoreAuthModule.forRoot(optionsFor(procore))],
      controllers: [VersionedController],
      configure: (nest) =>
        nest.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI }),
    })
    const browser = new Browser()
    const guarded = await browser.open(`${app.url}/api/v1/versioned`)
    const login = guarded.headers.get('location') ?? ''
    expect(login).toBe('/auth/procore/login?returnTo=%2Fapi%2Fv1%2Fversioned')
    expect(await browser.signIn(app, { procore, login })).toBe('/api/v1/versioned')
    expect(await browser.json(`${app.url}/api/v1/versioned`)).toEqual({ login: 'jim@example.com' })
    await app.nest.close()
    await procore.close()
  })

  it('serves them under the prefix when the redirect URI has it', async () => {
    const redirectUri = 'http://localhost:4567/api/auth/procore/callback'
    const procore = await createSimulator({ redirectUris: [redirectUri] })
    const app = await startApp(platform, {
      imports: [ProcoreAuthModule.forRoot(optionsFor(procore, redirectUri))],
      configure: (nest) => nest.setGlobalPrefix('api'),
    })
    const browser = new Browser()
    const guarded = await browser.open(`${app.url}/api/guarded`)
    const login = guarded.headers.get('location') ?? ''
    expect(login).toBe('/api/auth/procore/login?returnTo=%2Fapi%2Fguarded')
    expect(await browser.signIn(app, { procore, login })).toBe('/api/guarded')
    await app.nest.close()
    await procore.close()
  })

  it.each([[[]], [['first']]])(
    'shows req.procore to middlewares of Nest, whichever module comes first (%s)',
    async (order) => {
      const procore = await createSimulator()
      const imports = [ProcoreAuthModule.forRoot(optionsFor(procore)), MiddlewareModule]
      const app = await startApp(platform, {
        imports: order.length > 0 ? imports.reverse() : imports,
      })
      const browser = new Browser()
      seen.length = 0
      await browser.json(`${app.url}/who`)
      await browser.signIn(app, { procore })
      await browser.json(`${app.url}/who`)
      expect(seen.at(0)).toBe(undefined)
      expect(seen.at(-1)).toBe('jim@example.com')
      await app.nest.close()
      await procore.close()
    },
  )

  it('lets middlewares of Nest answer with login(), and end a session', async () => {
    const procore = await createSimulator()
    const app = await startApp(platform, {
      imports: [ProcoreAuthModule.forRoot(optionsFor(procore)), LeavingModule],
    })
    const browser = new Browser()
    const enter = await browser.open(`${app.url}/enter-early`)
    expect(new URL(enter.headers.get('location') ?? '').origin).toBe(procore.loginOrigin)
    expect(enter.headers.getSetCookie()).toHaveLength(1)
    await browser.signIn(app, { procore })
    await browser.json(`${app.url}/who?leave`)
    expect(await browser.json(`${app.url}/who`)).toMatchObject({ isAuthenticated: false })
    await app.nest.close()
    await procore.close()
  })

  it('hands callbacks the request that the framework knows', async () => {
    const procore = await createSimulator()
    const raws: object[] = []
    const app = await startApp(platform, {
      imports: [
        ProcoreAuthModule.forRoot({
          ...optionsFor(procore),
          onSignIn: ({ request }) => {
            if (typeof request?.raw === 'object' && request.raw) raws.push(request.raw)
          },
        }),
      ],
    })
    await new Browser().signIn(app, { procore })
    expect(raws).toHaveLength(1)
    expect(raws[0]?.constructor.name).toBe(
      platform.platform === 'Fastify' ? '_Request' : 'IncomingMessage',
    )
    await app.nest.close()
    await procore.close()
  })

  it('has two Procores in one application, each with its own user, grant and routes', async () => {
    const productionUri = 'http://localhost:4567/auth/production/callback'
    const sandbox = await createSimulator()
    const production = await createSimulator({ redirectUris: [productionUri] })
    const app = await startApp(platform, {
      imports: [
        ProcoreAuthModule.forRoot(optionsFor(sandbox)),
        ProcoreAuthModule.forRoot({
          ...optionsFor(production, productionUri),
          basePath: '/auth/production',
          name: 'production',
        }),
      ],
      controllers: [ProductionController],
    })
    const browser = new Browser()
    const who = () => browser.json(`${app.url}/production/who`)
    await browser.signIn(app, { procore: sandbox, user: 'jim@example.com' })
    expect(await who()).toEqual({ isAuthenticated: false, sandbox: 'jim@example.com' })
    const guarded = await browser.open(`${app.url}/production/me`)
    const login = guarded.headers.get('location') ?? ''
    expect(login).toBe('/auth/production/login?returnTo=%2Fproduction%2Fme')
    await browser.signIn(app, { procore: production, login, user: 'ana@example.com' })
    expect(await who()).toEqual({
      isAuthenticated: true,
      user: 'ana@example.com',
      sandbox: 'jim@example.com',
    })
    const names = [browser.json(`${app.url}/production/me`), browser.json(`${app.url}/me`)]
    expect(await Promise.all(names)).toMatchObject([
      { login: 'ana@example.com' },
      { login: 'jim@example.com' },
    ])
    await browser.open(`${app.url}/auth/procore/logout`, { method: 'POST' })
    expect(await who()).toEqual({ isAuthenticated: true, user: 'ana@example.com' })
    expect((await browser.open(`${app.url}/production/missing`)).status).toBe(500)
    expect(String(app.logger.errors)).toContain("forRoot({ name: 'staging', … })")
    await app.nest.close()
    await Promise.all([sandbox.close(), production.close()])
  })
})
