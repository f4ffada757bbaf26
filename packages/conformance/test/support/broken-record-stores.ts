import type { StoredRecord } from '@procore-auth/core'
import { SoundStore } from './sound-store.js'

type Put = [key: string, record: StoredRecord, replaces: string | undefined]

/** Returns the object that it keeps. */
export class ReadsAlias extends SoundStore {
  override async get(key: string): Promise<StoredRecord | undefined> {
    return this.records.get(key)
  }
}

/** Keeps the object that it is given. */
export class WritesAlias extends SoundStore {
  override async put(...[key, record, replaces]: Put): Promise<boolean> {
    const done = await super.put(key, record, replaces)
    if (done) this.records.set(key, record)
    return done
  }
}

/** Does not look at the generation that is replaced. */
export class IgnoresGeneration extends SoundStore {
  override async put(...[key, record, replaces]: Put): Promise<boolean> {
    if (this.records.has(key) !== (replaces !== undefined)) return false
    this.records.set(key, { ...record })
    return true
  }
}

/** Creates over an existing record. */
export class CreatesOverRecord extends SoundStore {
  override async put(...[key, record, replaces]: Put): Promise<boolean> {
    if (replaces === undefined) this.records.delete(key)
    return super.put(key, record, replaces)
  }
}

/** Replaces what is not there. */
export class ReplacesNothing extends SoundStore {
  override async put(...[key, record, replaces]: Put): Promise<boolean> {
    return super.put(key, record, this.records.has(key) ? replaces : undefined)
  }
}

/** Takes an empty generation for none. */
export class TakesEmptyForNone extends SoundStore {
  override async put(...[key, record, replaces]: Put): Promise<boolean> {
    return super.put(key, record, replaces === '' ? undefined : replaces)
  }
}

/** Lets others in between its check and its write. */
export class WritesLate extends SoundStore {
  override async put(...[key, record, replaces]: Put): Promise<boolean> {
    if (this.records.get(key)?.generation !== replaces) return false
    await Promise.resolve()
    this.records.set(key, { ...record })
    return true
  }
}

/** Refuses to write a record in its own generation. */
export class RefusesMarks extends SoundStore {
  override async put(...[key, record, replaces]: Put): Promise<boolean> {
    return record.generation !== replaces && super.put(key, record, replaces)
  }
}

/** Compares generations as some databases compare text. */
export class FoldsGenerations extends SoundStore {
  override async put(...[key, record, replaces]: Put): Promise<boolean> {
    const stored = this.records.get(key)?.generation
    const same = stored !== undefined && stored.toLowerCase() === replaces?.trimEnd().toLowerCase()
    return super.put(key, record, same ? stored : replaces)
  }
}

/** Takes the old record away before it writes the new one. */
export class WritesInTwoSteps extends SoundStore {
  override async put(...[key, record, replaces]: Put): Promise<boolean> {
    const stored = this.records.get(key)
    const done = await super.put(key, record, replaces)
    if (!done || !stored) return done
    this.records.set(key, { ...stored, value: '' })
    await Promise.resolve()
    this.records.set(key, { ...record })
    return true
  }
}

/** Says that it wrote, but did not. */
export class ForgetsWrites extends SoundStore {
  override async put(...[key, record, replaces]: Put): Promise<boolean> {
    const stored = this.records.get(key)
    const done = await super.put(key, record, replaces)
    if (stored) this.records.set(key, stored)
    return done
  }
}

/** Cuts values at 32 kB. */
export class CutsValues extends SoundStore {
  override async put(...[key, record, replaces]: Put): Promise<boolean> {
    return super.put(key, { ...record, value: record.value.slice(0, 32_768) }, replaces)
  }
}

/** Reads long numbers as numbers. */
export class ReadsNumbers extends SoundStore {
  override async get(key: string): Promise<StoredRecord | undefined> {
    const record = await super.get(key)
    if (!record || record.value.length > 100) return record
    const value = record.value.replace(/\d{16,}/g, (digits) => String(Number(digits)))
    return { ...record, value }
  }
}

/** Does not look at the generation that is deleted. */
export class DeletesAnything extends SoundStore {
  override async delete(key: string): Promise<boolean> {
    return this.records.delete(key)
  }
}

/** Lets others in between its check and its delete. */
export class DeletesLate extends SoundStore {
  override async delete(key: string, generation: string): Promise<boolean> {
    if (this.records.get(key)?.generation !== generation) return false
    await Promise.resolve()
    this.records.delete(key)
    return true
  }
}
