// A program with a client that is typed by the OpenAPI document: it must compile, and each line
// below a `@ts-expect-error` must not. Nobody runs it.
import createClient from 'openapi-fetch';

import type { components, paths } from './document.js';

const client = createClient<paths>({ baseUrl: 'https://localhost:8443' });

export async function rightUse(): Promise<string> {
    const issued = await client.POST('/v1/tokens', {
        body: { scopes: ['secrets:read:production/*'], ttl: '1h', max_uses: null },
    });
    if (issued.error) throw new Error(`${issued.error.error.code}: ${issued.error.detail}`);
    const token: string | null = issued.data.token;
    const headers = { Authorization: `Bearer ${token ?? ''}` };

    const path = { secret_path: 'production/gemini/GEMINI_API_KEY' };
    const stored = await client.PUT('/v1/secrets/{secret_path}', {
        headers,
        params: { path, header: { 'If-Match': '"1"' } },
        body: { value: 'a-value', secret_type: 'api_key', metadata: { team: 'ml' } },
    });
    const version: number | undefined = stored.data?.version;

    const listed = await client.GET('/v1/secrets', {
        headers,
        params: { query: { namespace: 'production/gemini', limit: 10 } },
    });
    const names = listed.data?.items.map((item) => `${item.namespace}/${item.key}`) ?? [];

    const revoked = await client.POST('/v1/tokens/{token_id}/revoke', {
        params: { path: { token_id: issued.data.token_id ?? '' } },
    });
    const tier: components['schemas']['StoredSecret']['access_tier'] = 'critical';
    return `${revoked.response.status} ${String(version)} ${tier} ${names.join(' ')}`;
}

export async function wrongUse(): Promise<void> {
    // @ts-expect-error: no such path
    await client.GET('/v1/secretz');
    // @ts-expect-error: not with this method
    await client.DELETE('/v1/audit');
    // @ts-expect-error: the scopes are missing
    await client.POST('/v1/tokens', { body: { ttl: '1h' } });
    await client.PUT('/v1/secrets/{secret_path}', {
        params: { path: { secret_path: 'a/B' } },
        // @ts-expect-error: no such type of secret
        body: { value: 'v', secret_type: 'pin' },
    });
    // @ts-expect-error: the namespace is missing
    await client.GET('/v1/secrets', { params: { query: {} } });
    const profile = await client.GET('/v1/me');
    // @ts-expect-error: no such member
    console.log(profile.data?.password);
    const issued = await client.POST('/v1/tokens', { body: { scopes: [] } });
    // @ts-expect-error: null while an approval is pending
    const token: string = issued.data?.token;
    console.log(token);
}
