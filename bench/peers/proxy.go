// The peer of order-service's GET /users/{id}: httputil.ReverseProxy with round robin over
// the same upstreams. It is tuned for speed: keep-alive connections for all the load,
// pooled copy buffers, no compression, no forwarding headers. It has no discovery, no
// retries, no ejection and no deadlines.
package main

import (
	"log"
	"net/http"
	"net/http/httputil"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte  { return *b.pool.Get().(*[]byte) }
func (b *buffers) Put(p []byte) { b.pool.Put(&p) }

func main() {
	upstreams := strings.Split(os.Getenv("UPSTREAMS"), ",")
	var next uint64
	proxy := &httputil.ReverseProxy{
		Director: func(r *http.Request) {
			r.URL.Scheme = "http"
			r.URL.Host = upstreams[atomic.AddUint64(&next, 1)%uint64(len(upstreams))]
			r.Header["X-Forwarded-For"] = nil
		},
		Transport: &http.Transport{MaxIdleConns: 1024, MaxIdleConnsPerHost: 256, DisableCompression: true},
		BufferPool: &buffers{sync.Pool{New: func() interface{} {
			b := make([]byte, 4096)
			return &b
		}}},
		ModifyResponse: func(reply *http.Response) error {
			reply.Header.Set("X-Upstream", reply.Request.URL.Host)
			reply.Header.Set("X-Discovery-Source", "consul")
			return nil
		},
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), proxy))
}
