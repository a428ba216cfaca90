// The peer of user-service: a good Go program with net/http, Redis and database/sql. It is
// tuned for speed: pools as large as the load, a prepared statement, and bodies from Redis
// are sent unchanged. It does less than our service: no deadlines, no metrics, no single
// flight, which makes it faster.
package main

import (
	"database/sql"
	"encoding/json"
	"log"
	"math/rand"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/gomodule/redigo/redis"
	_ "github.com/lib/pq"
)

type user struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

type service struct {
	cache  *redis.Pool // nil: none
	byID   *sql.Stmt
	served string
}

func (s *service) fromDatabase(id string) ([]byte, error) {
	var u user
	if err := s.byID.QueryRow(id).Scan(&u.ID, &u.Name, &u.Email); err != nil {
		return nil, err
	}
	return json.Marshal(&u)
}

// Cache-aside: Redis, then PostgreSQL, then fill.
func (s *service) find(id string) (body []byte, from string, err error) {
	if s.cache == nil {
		body, err = s.fromDatabase(id)
		return body, "bypass", err
	}
	conn := s.cache.Get()
	defer conn.Close()
	if body, err = redis.Bytes(conn.Do("GET", "go:user:"+id)); err == nil {
		return body, "hit", nil
	}
	if body, err = s.fromDatabase(id); err == nil {
		conn.Do("SET", "go:user:"+id, body, "EX", 3600)
	}
	return body, "miss", err
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimPrefix(r.URL.Path, "/users/")
	if n, err := strconv.ParseInt(id, 10, 64); err != nil || n < 1 {
		http.Error(w, "bad id", http.StatusBadRequest)
		return
	}
	requestID := r.Header.Get("X-Request-Id")
	if requestID == "" {
		requestID = strconv.FormatUint(rand.Uint64()|1<<63, 16)
	}
	body, from, err := s.find(id)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Request-Id", requestID)
	h.Set("X-Served-By", s.served)
	h.Set("X-Cache", from)
	w.Write(body)
}

func main() {
	db, err := sql.Open("postgres", os.Getenv("DATABASE_URL")+"?sslmode=disable")
	if err != nil {
		log.Fatal(err)
	}
	pool, _ := strconv.Atoi(os.Getenv("POOL"))
	db.SetMaxOpenConns(pool)
	db.SetMaxIdleConns(pool)
	s := &service{served: os.Getenv("SERVICE_ID")}
	if s.byID, err = db.Prepare("SELECT id::text, name, email FROM users WHERE id = $1"); err != nil {
		log.Fatal(err)
	}
	if address := os.Getenv("REDIS_ADDRESS"); address != "" {
		s.cache = &redis.Pool{MaxIdle: 256, Dial: func() (redis.Conn, error) { return redis.Dial("tcp", address) }}
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), s))
}
