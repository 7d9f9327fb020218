// rewrite_peers ROUNDS FILE... - two ways to get links into HTML, in megabytes
// of input a second of processor time: a regular expression of Go, which is
// how listmonk finds links, and golang.org/x/net/html, which parses the whole
// document and renders it anew. Both mint links as long as ours, with one
// HMAC-SHA256 each. A line a round.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/net/html"
)

const label = "waxseal-c1"

var (
	hrefs = regexp.MustCompile(`(?i)<a\b[^>]*?\bhref\s*=\s*["'](https?://[^"']+)["']`)
	key   = bytes.Repeat([]byte{7}, 32)
	head  = append([]byte{0x72, 1}, make([]byte, 17)...)
)

func mint(url []byte) string {
	token := append(append(make([]byte, 0, len(head)+len(url)+10), head...), url...)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(label))
	mac.Write(token)
	token = append(token, mac.Sum(nil)[:10]...)
	return "http://links.acme.example/c/" + base64.RawURLEncoding.EncodeToString(token)
}

func withExpression(document []byte) []byte {
	var out bytes.Buffer
	done := 0
	for _, at := range hrefs.FindAllSubmatchIndex(document, -1) {
		out.Write(document[done:at[2]])
		out.WriteString(mint(document[at[2]:at[3]]))
		done = at[3]
	}
	out.Write(document[done:])
	return out.Bytes()
}

func visit(node *html.Node) {
	if node.Type == html.ElementNode && node.Data == "a" {
		for i, attribute := range node.Attr {
			if attribute.Key == "href" && strings.HasPrefix(attribute.Val, "http") {
				node.Attr[i].Val = mint([]byte(attribute.Val))
			}
		}
	}
	for child := node.FirstChild; child != nil; child = child.NextSibling {
		visit(child)
	}
}

func parsed(document []byte) []byte {
	root, err := html.Parse(bytes.NewReader(document))
	if err != nil {
		panic(err)
	}
	visit(root)
	var out bytes.Buffer
	if err := html.Render(&out, root); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func seconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Sec+usage.Stime.Sec) +
		float64(usage.Utime.Usec+usage.Stime.Usec)/1e6
}

func measure(documents [][]byte, rewrite func([]byte) []byte) float64 {
	start, size, spent := seconds(), 0, 0.0
	for spent < 0.2 {
		for _, document := range documents {
			rewrite(document)
			size += len(document)
		}
		spent = seconds() - start
	}
	return float64(size) / spent / 1e6
}

func main() {
	rounds, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	var documents [][]byte
	for _, path := range os.Args[2:] {
		document, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		documents = append(documents, document)
	}
	for ; rounds > 0; rounds-- {
		fmt.Printf("go-regexp %.1f go-html %.1f\n", measure(documents, withExpression),
			measure(documents, parsed))
	}
}
