import { type INestApplicationContext, Inject, Injectable, Module, Scope } from '@nestjs/common'
import { ModuleRef, NestFactory } from '@nestjs/core'
import {
  ConfigurationError,
  createProcoreAuth,
  optionsFromEnv,
  type ProcoreAuthOptions,
} from '@procore-auth/core'
import {
  getProcoreAuthToken,
  InjectProcoreAuth,
  ProcoreAuth,
  ProcoreAuthModule,
  type ProcoreAuthOptionsFactory,
} from '@procore-auth/nestjs'
import { createSimulator } from '@procore-auth/simulator'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { PLATFORMS, REDIRECT_URI, SECRET, startApp } from './support/app.js'

const OPTIONS: ProcoreAuthOptions = {
  environment: 'sandbox',
  clientId: 'client-1',
  clientSecret: 'secret-1',
  redirectUri: REDIRECT_URI,
  secret: SECRET,
}

@Injectable()
class Job {
  readonly auth: ProcoreAuth

  constructor(@InjectProcoreAuth() auth: ProcoreAuth) {
    this.auth = auth
  }
}

@Injectable()
class Settings implements ProcoreAuthOptionsFactory {
  readonly environment = 'sandbox'

  async createProcoreAuthOptions() {
    return { ...OPTIONS, environment: this.environment }
  }
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Module({ providers: [Job], exports: [Job] })
class JobsModule {}

const start = (
  imports: NonNullable<Parameters<typeof Module>[0]['imports']>,
  providers = [Job],
) => {
  class AppModule {}
  Module({ imports, providers })(AppModule)
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false })
}

/** Returns what an application says that does not start. */
const faultsOf = async (
  imports: Parameters<typeof start>[0],
  providers?: Parameters<typeof start>[1],
): Promise<readonly string[]> => {
  const error = await start(imports, providers).catch((reason: unknown) => reason)
  return error instanceof ConfigurationError ? error.faults : [String(error)]
}

let app: INestApplicationContext | undefined
afterEach(async () => {
  vi.unstubAllEnvs()
  await app?.close()
  app = undefined
})

describe('ProcoreAuthModule', () => {
  it('takes options, which providers do not see, and hands out what they make', async () => {
    app = await start([ProcoreAuthModule.forRoot(OPTIONS)])
    expect(app.get(Job).auth.paths?.callback).toBe('/auth/procore/callback')
    expect(app.get(ProcoreAuth)).toBe(app.get(Job).auth)
  })

  it('takes a ready-made ProcoreAuth', async () => {
    const auth = createProcoreAuth(OPTIONS)
    app = await start([ProcoreAuthModule.forRoot({ auth })])
    expect(app.get(Job).auth).toBe(auth)
  })

  it.each([[undefined], [{}], [{ isGlobal: true }]])(
    'takes the PROCORE_* variables when it gets no options (%s)',
    async (options) => {
      vi.stubEnv('PROCORE_ENVIRONMENT', 'sandbox')
      vi.stubEnv('PROCORE_CLIENT_ID', 'client-1')
      vi.stubEnv('PROCORE_CLIENT_SECRET', 'secret-1')
      vi.stubEnv('PROCORE_REDIRECT_URI', 'http://localhost:4567/from-env')
      vi.stubEnv('PROCORE_AUTH_SECRET', SECRET)
      app = await start([ProcoreAuthModule.forRoot(options)])
      expect(app.get(Job).auth.paths?.callback).toBe('/from-env')
    },
  )

  it.each([
    [
      'useFactory',
      ProcoreAuthModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: (settings: Settings) => settings.createProcoreAuthOptions(),
      }),
    ],
    ['useClass', ProcoreAuthModule.forRootAsync({ useClass: Settings })],
    [
      'useExisting',
      ProcoreAuthModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings }),
    ],
    [
      'useFactory with a ready-made one',
      ProcoreAuthModule.forRootAsync({ useFactory: () => ({ auth: createProcoreAuth(OPTIONS) }) }),
    ],
  ])('is configured by %s', async (_how, module) => {
    app = await start([module])
    expect(app.get(Job).auth.environment.name).toBe('sandbox')
  })

  it('is there for all modules with isGlobal, and only then', async () => {
    app = await start([ProcoreAuthModule.forRoot({ ...OPTIONS, isGlobal: true }), JobsModule], [])
    expect(app.get(Job).auth).toBeDefined()
    await app.close()
    const useFactory = () => OPTIONS
    app = await start([ProcoreAuthModule.forRootAsync({ useFactory, isGlobal: true }), JobsModule])
    expect(app.get(Job).auth).toBeDefined()
    expect(await faultsOf([ProcoreAuthModule.forRoot(OPTIONS), JobsModule], [])).toEqual([
      expect.stringContaining('ProcoreAuth'),
    ])
  })

  it('provides instances with a name side by side', async () => {
    @Injectable()
    class Both {
      readonly environments: string[]

      constructor(
        @InjectProcoreAuth() sandbox: ProcoreAuth,
        @InjectProcoreAuth('production') production: ProcoreAuth,
        @Inject(getProcoreAuthToken('async')) asynchronous: ProcoreAuth,
      ) {
        this.environments = [sandbox, production, asynchronous].map((auth) => auth.environment.name)
      }
    }
    const useFactory = () => ({ ...OPTIONS, environment: 'federal' })
    class AppModule {}
    Module({
      imports: [
        ProcoreAuthModule.forRoot(OPTIONS),
        ProcoreAuthModule.forRoot({ ...OPTIONS, environment: 'production', name: 'production' }),
        ProcoreAuthModule.forRootAsync({ useFactory, name: 'async' }),
      ],
      providers: [Both],
    })(AppModule)
    app = await NestFactory.createApplicationContext(AppModule, { logger: false })
    expect(app.get(Both).environments).toEqual(['sandbox', 'production', 'federal'])
  })

  it('makes nothing anew for each request', async () => {
    app = await start([ProcoreAuthModule.forRoot(OPTIONS)])
    expect(app.get(ModuleRef).introspect(Job)).toEqual({ scope: Scope.DEFAULT })
  })
})

describe('shutting down', () => {
  it('closes what the module has created, and nothing that was handed in', async () => {
    const procore = await createSimulator()
    const { loginOrigin, apiOrigin, serviceApp } = procore
    const options = { ...OPTIONS, environment: { loginOrigin, apiOrigin }, ...serviceApp }
    const companies = (auth: ProcoreAuth) =>
      auth
        .forService()
        .forCompany(procore.companies[0]?.id ?? '')
        .get('/rest/v1.0/companies')
    const mine = createProcoreAuth(options)
    for (const given of [options, { auth: mine }]) {
      app = await start([ProcoreAuthModule.forRoot(given)])
      const { auth } = app.get(Job)
      await expect(companies(auth)).resolves.toHaveLength(2)
      await app.close()
      app = undefined
      if (auth === mine) await expect(companies(auth)).resolves.toHaveLength(2)
      else await expect(companies(auth)).rejects.toThrow()
    }
    await mine.close()
    await procore.close()
  })
})

describe('an application that is set up wrongly ends at its start and says what to do', () => {
  it('lists every fault of the options', async () => {
    const faults = await faultsOf([
      ProcoreAuthModule.forRoot({ ...OPTIONS, clientId: '', secret: undefined }),
    ])
    expect(faults).toEqual([expect.stringMatching(/^clientId/), expect.stringMatching(/^secret/)])
  })

  it('lists every variable that is missing', async () => {
    for (const name of Object.keys(process.env)) {
      if (name.startsWith('PROCORE_')) vi.stubEnv(name, undefined)
    }
    expect(optionsFromEnv().clientId).toBe('')
    expect(await faultsOf([ProcoreAuthModule.forRoot()])).toHaveLength(5)
  })

  it('demands options where some are there', async () => {
    const useFactory = () => ({ ...OPTIONS, clientId: '' })
    expect(await faultsOf([ProcoreAuthModule.forRootAsync({ useFactory })])).toHaveLength(1)
  })

  it('refuses a ready-made ProcoreAuth that has no redirect URI', async () => {
    const { environment, clientId, clientSecret } = OPTIONS
    const auth = createProcoreAuth({ environment, clientId, clientSecret })
    const faults = await faultsOf([ProcoreAuthModule.forRoot({ auth })])
    expect(faults).toEqual([expect.stringContaining('redirectUri')])
  })

  it('refuses the module without forRoot()', async () => {
    expect(await faultsOf([ProcoreAuthModule], [])).toEqual([expect.stringContaining('forRoot()')])
  })

  it.each(PLATFORMS)('refuses two instances without a name on $platform', async (platform) => {
    const imports = [ProcoreAuthModule.forRoot(OPTIONS), ProcoreAuthModule.forRoot({ ...OPTIONS })]
    await expect(startApp(platform, { imports })).rejects.toMatchObject({
      code: 'ERR_PROCORE_CONFIGURATION',
      faults: [expect.stringContaining('have no name, ')],
    })
  })

  it.each(PLATFORMS)('refuses two instances with one address on $platform', async (platform) => {
    const imports = [
      ProcoreAuthModule.forRoot(OPTIONS),
      ProcoreAuthModule.forRoot({
        ...OPTIONS,
        name: 'production',
        redirectUri: 'http://localhost:4567/auth/production/callback',
      }),
    ]
    await expect(startApp(platform, { imports })).rejects.toMatchObject({
      code: 'ERR_PROCORE_CONFIGURATION',
      faults: [expect.stringMatching(/ \/auth\/procore\/login, .*basePath/)],
    })
  })

  it('refuses a NestJS older than 11', async () => {
    vi.resetModules()
    vi.doMock('@nestjs/common', async (original) => {
      const { IntrinsicException: _, ...older } = await original<typeof import('@nestjs/common')>()
      return older
    })
    const { ProcoreAuthModule: Module } = await import('@procore-auth/nestjs')
    vi.doUnmock('@nestjs/common')
    expect(() => Module.forRoot(OPTIONS)).toThrow('NestJS 11 or 12 is needed: npm install')
  })
})
