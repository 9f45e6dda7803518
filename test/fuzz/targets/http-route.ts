/**
 * Request lines, `METHOD /path?query`: routes, variables, query parameters and masks; only refusals
 * of the caller.
 */
import { ApiError } from '../../../lib/errors/errors';
import { maskOfQuery, queryJson } from '../../../services/controller/gateway/query';
import { actionOf, matchRoute } from '../../../services/controller/gateway/routes';
import { toBytes } from '../../../services/controller/gateway/to-message';
import { openApi } from '../api';
import { invariant, outcome, type Target } from '../target';

export const target: Target = {
  seeds: () => [
    'GET /v1/groups?scope_id=global&recursive=true&page_size=10&filter=a&list_token=x',
    'PATCH /v1/targets/ttcp_1?update_mask=name,attributes.default_port',
    'POST /v1/targets/ttcp_1:authorize-session?',
    'DELETE /v1/roles/r_1',
    'GET /v1/workers:read-certificate-authority?scope_id=%20%00&scope_id=x',
    'GET /v1/sessions?include_terminated=T&recursive=maybe',
  ],
  words: [
    '/v1/',
    ':add-hosts',
    ':',
    '?',
    '&',
    '=',
    '%00',
    '%ff',
    '//',
    'scope_id=',
    'page_size=',
    'recursive=',
    'update_mask=',
  ],
  maxLength: 1_024,
  open() {
    const api = openApi();
    return {
      run(input) {
        const [method = '', target = ''] = input.toString('latin1').split(' ', 2);
        const [path = '', search = ''] = target.split('?', 2);
        const found = matchRoute(api.table, method, path);
        if (typeof found === 'string') return;
        invariant(actionOf(found.route).action !== '', 'a route without an action');
        invariant(
          Object.values(found.variables).every((value) => path.includes(value)),
          'a variable from nowhere',
        );
        const query = new URLSearchParams(search);
        maskOfQuery(query);
        const message = outcome(
          () => toBytes(found.route.input, queryJson(found.route.input, query), api.descriptors),
          ApiError,
        );
        if ('error' in message) {
          invariant((message.error as ApiError).httpStatus === 400, 'a bad query is not the fault of the caller');
          return;
        }
        invariant(message.value.length <= 64 + 4 * search.length, 'a message out of proportion');
        found.route.method.definition.requestType.decode(message.value);
      },
    };
  },
};
