// The official Go SDK: the life of a domain and of a key.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/resend/resend-go/v3"
)

func need(ok bool, what ...any) {
	if !ok {
		fmt.Println(what...)
		os.Exit(1)
	}
}

func main() {
	ctx := context.Background()
	client := resend.NewClient(os.Getenv("RESEND_API_KEY"))
	listed, err := client.Domains.List()
	need(err == nil && len(listed.Data) >= 5, err, listed)
	yes := true
	domain, err := client.Domains.Create(&resend.CreateDomainRequest{
		Name: "go.example", Region: "eu-west-1", TrackingSubdomain: "links", OpenTracking: &yes})
	need(err == nil && domain.Status == "not_started" && len(domain.Records) == 4, err, domain)
	got, err := client.Domains.Get(domain.Id)
	need(err == nil && got.Name == "go.example" && got.Region == "eu-west-1", err, got)
	ok, err := client.Domains.Verify(domain.Id)
	need(ok && err == nil, err)
	_, err = client.Domains.Update(domain.Id, &resend.UpdateDomainRequest{})
	need(err == nil, err)
	limit := 1
	page, err := client.Domains.ListWithOptions(ctx, &resend.ListOptions{Limit: &limit})
	need(err == nil && page.HasMore && page.Data[0].Id == domain.Id, err, page)
	key, err := client.ApiKeys.Create(&resend.CreateApiKeyRequest{
		Name: "go", Permission: "sending_access", DomainId: domain.Id})
	need(err == nil && strings.HasPrefix(key.Token, "re_"), err, key)
	keys, err := client.ApiKeys.List()
	need(err == nil && keys.Data[0].Id == key.Id, err, keys)
	ok, err = client.ApiKeys.Remove(key.Id)
	need(ok && err == nil, err)
	ok, err = client.Domains.Remove(domain.Id)
	need(ok && err == nil, err)
	_, err = client.Domains.Get(domain.Id)
	need(err != nil && strings.Contains(err.Error(), "Domain not found"), err)
	_, err = client.Domains.Create(&resend.CreateDomainRequest{Name: "gmail.com"})
	need(err != nil && strings.Contains(err.Error(), "mailbox provider"), err)
}
