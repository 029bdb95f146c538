/** The one place that speaks HTTP to the local node. */

const BASE = '/api/v1';
const TOKEN_KEY = 'conclave.token';

/** A refusal of the node, with its code, its explanation and details. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** The node did not answer at all. */
export class NodeUnreachable extends Error {
  constructor() {
    super('the local node does not answer');
    this.name = 'NodeUnreachable';
  }
}

let token: string | null = null;
let onUnauthorized: () => void = () => {};

/** Reads the bearer token that this tab got earlier. */
export function loadToken(): string | null {
  token ??= sessionStorage.getItem(TOKEN_KEY);
  return token;
}

/** Keeps the bearer token for this tab only. */
export function saveToken(value: string | null): void {
  token = value;
  if (value === null) sessionStorage.removeItem(TOKEN_KEY);
  else sessionStorage.setItem(TOKEN_KEY, value);
}

/** Registers what happens when the node no longer accepts the token. */
export function whenUnauthorized(callback: () => void): void {
  onUnauthorized = callback;
}

export type Query = Record<string, string | number | boolean | null | undefined>;

/** Builds a path below the API root from encoded segments and a query. */
export function path(segments: readonly (string | number)[], query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(key, String(value));
  }
  const tail = search.toString();
  return `/${segments.map((s) => encodeURIComponent(s)).join('/')}${tail === '' ? '' : `?${tail}`}`;
}

function headers(extra: Record<string, string>): Record<string, string> {
  const bearer = loadToken();
  return bearer === null ? extra : { ...extra, Authorization: `Bearer ${bearer}` };
}

async function fetchRaw(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(BASE + url, { ...init, credentials: 'omit', cache: 'no-store', redirect: 'error' });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new NodeUnreachable();
  }
  if (response.ok) return response;
  const error = await readError(response);
  if (response.status === 401) onUnauthorized();
  throw error;
}

async function readError(response: Response): Promise<ApiError> {
  try {
    const body = (await response.json()) as { error?: { code?: string; message?: string; details?: Record<string, unknown> } };
    const error = body.error ?? {};
    return new ApiError(response.status, error.code ?? 'unknown', error.message ?? response.statusText, error.details ?? {});
  } catch {
    return new ApiError(response.status, 'unknown', response.statusText);
  }
}

async function decode<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** Sends JSON and reads JSON. */
export async function request<T>(method: string, url: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const json = body === undefined && method === 'GET' ? undefined : JSON.stringify(body ?? {});
  const type: Record<string, string> = json === undefined ? {} : { 'Content-Type': 'application/json' };
  const init: RequestInit = { method, headers: headers(type), signal: signal ?? null };
  if (json !== undefined) init.body = json;
  return decode<T>(await fetchRaw(url, init));
}

/** Reads bytes, for images that need the token. */
export async function requestBlob(url: string): Promise<Blob> {
  return (await fetchRaw(url, { method: 'GET', headers: headers({}) })).blob();
}

/** Uploads a raw body and reports progress between 0 and 1. */
export function upload<T>(
  url: string,
  body: Blob,
  extra: Record<string, string>,
  progress: (share: number) => void,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open('POST', BASE + url);
    for (const [name, value] of Object.entries(headers(extra))) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    };
    xhr.onerror = () => reject(new NodeUnreachable());
    xhr.onabort = () => reject(new DOMException('aborted', 'AbortError'));
    xhr.onload = () => {
      try {
        const answer = JSON.parse(xhr.responseText) as T & { error?: { code: string; message: string } };
        if (xhr.status < 300) resolve(answer);
        else reject(new ApiError(xhr.status, answer.error?.code ?? 'unknown', answer.error?.message ?? xhr.statusText));
      } catch {
        reject(new ApiError(xhr.status, 'unknown', xhr.statusText));
      }
    };
    signal?.addEventListener('abort', () => xhr.abort(), { once: true });
    xhr.send(body);
  });
}
