import {
  type ArgumentsHost,
  Catch,
  Controller,
  Get,
  HttpException,
  UnauthorizedException,
  UseFilters,
} from '@nestjs/common'
import { APP_FILTER, BaseExceptionFilter, ExternalContextCreator } from '@nestjs/core'
import {
  createProcoreAuth,
  isProcoreAuthError,
  MemoryTokenStore,
  ProcoreAuthError,
} from '@procore-auth/core'
import { Procore, ProcoreAuthModule, toHttpException } from '@procore-auth/nestjs'
import { createSimulator, type Simulator } from '@procore-auth/simulator'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type App,
  Browser,
  JSON_ONLY,
  optionsFor,
  PLATFORMS,
  type Setup,
  startApp,
} from './support/app.js'

const caught: unknown[] = []

/** Takes everything, as many applications do. */
@Catch()
class CatchAll extends BaseExceptionFilter {
  override catch(exception: unknown, host: ArgumentsHost): void {
    caught.push(exception)
    const status = exception instanceof HttpException ? exception.getStatus() : 500
    super.catch(new HttpException({ mine: true }, status), host)
  }
}

/** What another copy of core in the same process throws. */
class FromAnotherCopy extends Error {
  readonly code = 'ERR_PROCORE_COMPANY_MISSING'
  readonly status = 403
  readonly summary = 'A sentence.'

  constructor() {
    super('internal detail')
    Object.defineProperty(this, Symbol.for('@procore-auth/error'), { value: true })
  }
}

@Controller('failing')
class FailingController {
  @Get('client')
  client(@Procore() procore: { readonly client: unknown }): unknown {
    return procore.client
  }

  @Get('server')
  server(): never {
    throw new ProcoreAuthError('ERR_PROCORE_COMPANY_MISSING', 'internal detail')
  }

  @Get('copy')
  copy(): never {
    throw new FromAnotherCopy()
  }

  @Get('other')
  other(): never {
    throw new Error('not ours')
  }

  @Get('own')
  @UseFilters(CatchAll)
  own(): never {
    throw new ProcoreAuthError('ERR_PROCORE_COMPANY_MISSING', 'internal detail')
  }
}

describe.each(PLATFORMS)('an error of procore-auth on $platform', (platform) => {
  let procore: Simulator
  let app: App
  let browser: Browser

  const start = async (setup: Partial<Setup> = {}): Promise<void> => {
    app = await startApp(platform, {
      imports: [ProcoreAuthModule.forRoot(optionsFor(procore))],
      controllers: [FailingController],
      ...setup,
    })
  }
  const answerTo = async (path: string) => {
    const answer = await browser.open(app.url + path, { headers: JSON_ONLY })
    return { status: answer.status, body: await answer.json() }
  }

  beforeEach(async () => {
    caught.length = 0
    procore = await createSimulator()
    browser = new Browser()
  })
  afterEach(async () => {
    await app.nest.close()
    await procore.close()
  })

  it('becomes an exception of Nest with its status, code and summary', async () => {
    await start()
    expect(await answerTo('/failing/client')).toEqual({
      status: 401,
      body: {
        statusCode: 401,
        error: 'ERR_PROCORE_NOT_AUTHENTICATED',
        message: 'Sign in with Procore first.',
      },
    })
    expect(app.logger.errors).toEqual([])
  })

  it('is logged and tells no detail when it is a fault of the server', async () => {
    await start()
    expect(await answerTo('/failing/server')).toEqual({
      status: 500,
      body: {
        statusCode: 500,
        error: 'ERR_PROCORE_COMPANY_MISSING',
        message: 'The application did not say which company it means.',
      },
    })
    expect(app.logger.errors).toEqual([expect.objectContaining({ name: 'ProcoreAuthError' })])
  })

  it('is recognised when another copy of core has thrown it', async () => {
    await start()
    expect(await answerTo('/failing/copy')).toMatchObject({
      status: 403,
      body: { message: 'A sentence.' },
    })
  })

  it('has the status of Procore when the API has refused', async () => {
    await start()
    await browser.signIn(app, { procore })
    expect(await answerTo('/elsewhere')).toMatchObject({
      status: 404,
      body: { error: 'ERR_PROCORE_API' },
    })
  })

  it('leaves other errors to Nest', async () => {
    await start()
    expect((await answerTo('/failing/other')).body).toEqual({
      statusCode: 500,
      message: 'Internal server error',
    })
  })

  it.each<[string, Partial<Setup>]>([
    ['of a module', { providers: [{ provide: APP_FILTER, useClass: CatchAll }] }],
    [
      'of main.ts',
      { configure: (nest) => nest.useGlobalFilters(new CatchAll(nest.getHttpAdapter())) },
    ],
  ])('is left to a filter %s that takes everything', async (_where, setup) => {
    await start(setup)
    expect(await answerTo('/failing/server')).toEqual({ status: 500, body: { mine: true } })
    expect(caught).toEqual([expect.any(ProcoreAuthError)])
  })

  it('is left to a filter of the handler', async () => {
    await start({ providers: [CatchAll] })
    expect(await answerTo('/failing/own')).toEqual({ status: 500, body: { mine: true } })
  })

  it('of the guard is an exception of Nest for a filter that takes everything', async () => {
    await start({ providers: [{ provide: APP_FILTER, useClass: CatchAll }] })
    expect(await answerTo('/guarded')).toEqual({ status: 401, body: { mine: true } })
    const page = await browser.open(`${app.url}/guarded`, { method: 'POST' })
    expect(page.status).toBe(401)
    const redirect = await browser.open(`${app.url}/guarded`)
    expect(redirect.status).toBe(302)
    expect(redirect.headers.get('location')).toContain('/auth/procore/login?')
    expect(caught).toEqual([
      expect.any(UnauthorizedException),
      expect.any(UnauthorizedException),
      expect.any(HttpException),
    ])
    const [first] = caught
    expect(first instanceof HttpException && first.getResponse()).toMatchObject({
      statusCode: 401,
      error: 'ERR_PROCORE_NOT_AUTHENTICATED',
      message: 'Sign in with Procore first.',
    })
  })

  it('from the store reaches the filters, once, as it was thrown', async () => {
    class Broken extends MemoryTokenStore {
      override async acquireLease(): Promise<never> {
        throw new Error('the store is gone')
      }
    }
    const auth = createProcoreAuth({ ...optionsFor(procore), tokenStore: new Broken() })
    await start({
      imports: [ProcoreAuthModule.forRoot({ auth })],
      providers: [{ provide: APP_FILTER, useClass: CatchAll }],
    })
    await browser.signIn(app, { procore })
    expect(caught).toEqual([expect.objectContaining({ code: 'ERR_PROCORE_STORE_UNAVAILABLE' })])
    await auth.close()
  })
})

describe('an error of procore-auth outside HTTP', () => {
  it.each([
    ['graphql', HttpException],
    ['rpc', ProcoreAuthError],
  ])('ends in %s as that context expects', async (type, expected) => {
    const procore = await createSimulator()
    const [express] = PLATFORMS
    const app = await startApp(express, {
      imports: [ProcoreAuthModule.forRoot(optionsFor(procore))],
      controllers: [FailingController],
    })
    // What @nestjs/graphql makes its resolvers with.
    const resolver = app.nest
      .get(ExternalContextCreator)
      .create(
        app.nest.get(FailingController),
        FailingController.prototype.server,
        'server',
        undefined,
        undefined,
        undefined,
        undefined,
        { guards: true, filters: true, interceptors: true },
        type,
      )
    const result: unknown = await resolver().catch((error: unknown) => error)
    expect(result).toBeInstanceOf(expected)
    await app.nest.close()
    await procore.close()
  })
})

describe('toHttpException', () => {
  it('keeps the error as the cause', () => {
    const error = new ProcoreAuthError('ERR_PROCORE_NOT_CONNECTED', 'internal detail')
    const exception = toHttpException(error)
    expect(exception.cause).toBe(error)
    expect(isProcoreAuthError(exception)).toBe(false)
    expect(JSON.stringify(exception.getResponse())).not.toContain('internal')
  })
})
