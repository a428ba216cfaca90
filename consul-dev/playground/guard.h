/* guard: refuses requests that a foreign web page has caused. Pure functions, no I/O.
 *
 * The page can stop and kill processes, and it has no password. Any web page that a person
 * opens can send requests to 127.0.0.1 (CSRF). And after it has pointed its own name to 127.0.0.1
 * it can read the replies (DNS rebinding). Both show: the first in Origin, the second in Host.
 */
#ifndef PLAYGROUND_GUARD_H
#define PLAYGROUND_GUARD_H

/* host, origin: the headers; origin is NULL if it was not sent. NULL if the request is fine, else the reason. */
const char *guard_reason(const char *host, const char *origin);
/* site: the header Sec-Fetch-Site, with which a browser says where a request comes from, also one without Origin
 * (an image, a script); NULL if it was not sent. Not for GET /, which a link of another page may open. */
const char *guard_site_reason(const char *site);

#endif
