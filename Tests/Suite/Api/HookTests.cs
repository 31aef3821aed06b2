using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Api;

/// <summary><c>/hooks/{token}</c>, with the payloads of tools that post to Slack.</summary>
public sealed class HookTests : ApiFixture
{
    // A message of the Slack notifier of Prometheus Alertmanager.
    private const string Alertmanager = """
        {"channel":"#alerts","username":"Alertmanager","attachments":[{"title":"[FIRING:1] HighLoad (node-7 critical)","title_link":"http://alertmanager:9093/#/alerts?receiver=chat","pretext":"","text":"load &gt; 8 for 10m\nsee <http://wiki/load|the runbook>","fallback":"[FIRING:1] HighLoad (node-7 critical) | http://alertmanager:9093/#/alerts?receiver=chat","callback_id":"","footer":"","color":"danger","mrkdwn_in":["fallback","pretext","text"],"fields":[{"title":"instance","value":"node-7:9100","short":true}]}]}
        """;

    // A message of a tool that announces a push to GitHub.
    private const string GitHub = """
        {"username":"GitHub","icon_url":"https://example.org/octocat.png","attachments":[{"fallback":"[acme/site] 2 new commits pushed to main by ann","pretext":"[<https://github.com/acme/site|acme/site>] <https://github.com/acme/site/compare/1...2|2 new commits> pushed to `main` by ann","color":"#24292f","text":"<https://github.com/acme/site/commit/1|`1f3a`> - Escape &lt;b&gt; &amp;amp;\n<https://github.com/acme/site/commit/2|`2b4c`> - Fix a typo"}]}
        """;

    [TestCase("application/json")]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase(null)]
    public async Task Hook_accepts_JSON_with_any_content_type_and_answers_like_Slack(string? type)
    {
        await using var room = await CreateRoomAsync();
        var answer = await Http.PostAsync(room.Hook, """{"text":"disk is full"}""", type is null ? [] : [("Content-Type", type)]);
        (answer.Status, answer.Body).Should().Be((200, "ok"));
        answer.Headers["Content-Type"].Should().Equal("text/plain; charset=utf-8");
        var message = await room.Owner.Inbox.ExpectAsync<MessageFrame>();
        (message.Text, message.From.Name, message.From.Bot).Should().Be(("disk is full", TokenRoom.BotName, true));
    }

    [Test]
    public async Task Curl_posts_a_message_with_each_form_of_the_body()
    {
        await using var room = await CreateRoomAsync();
        var address = $"http://127.0.0.1:{Server.HttpPort}{room.Hook}";
        (await Shell.RunAsync($$"""curl -s -d '{"text":"disk is full"}' {{address}}""")).Should().Be("ok");
        (await Shell.RunAsync($$"""curl -s --data-urlencode 'payload={"text":"50% + more & less"}' {{address}}""")).Should().Be("ok");
        (await Shell.RunAsync($$"""curl -s -H 'Content-Type: application/json' -d '{"text":"as JSON"}' {{address}}""")).Should().Be("ok");
        (await room.ReadAsync()).Messages.DecodeMessages().Select(message => message.Text).Should().Equal("disk is full", "50% + more & less", "as JSON");
    }

    [Test]
    public async Task Alert_of_Alertmanager_becomes_plain_text()
    {
        await using var room = await CreateRoomAsync();
        (await Http.PostAsync(room.Hook, Alertmanager)).Body.Should().Be("ok");
        (await room.Owner.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be(
            """
            [FIRING:1] HighLoad (node-7 critical) (http://alertmanager:9093/#/alerts?receiver=chat)
            load > 8 for 10m
            see the runbook (http://wiki/load)
            instance: node-7:9100
            """.ReplaceLineEndings("\n"));
    }

    [Test]
    public async Task GitHub_announcement_of_a_push_becomes_plain_text()
    {
        await using var room = await CreateRoomAsync();
        (await Http.PostAsync(room.Hook, $"payload={Uri.EscapeDataString(GitHub)}", ("Content-Type", "application/x-www-form-urlencoded"))).Body.Should().Be("ok");
        (await room.Owner.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be(
            """
            [acme/site (https://github.com/acme/site)] 2 new commits (https://github.com/acme/site/compare/1...2) pushed to `main` by ann
            `1f3a` (https://github.com/acme/site/commit/1) - Escape <b> &amp;
            `2b4c` (https://github.com/acme/site/commit/2) - Fix a typo
            """.ReplaceLineEndings("\n"));
    }

    [TestCase("""{"attachments":[{"fallback":"only this"}]}""", "only this")]
    [TestCase("""{"text":"a","attachments":[{"title":"b","text":"c","fallback":"d"},{"fallback":"e"}]}""", "a\nb\nc\ne")]
    [TestCase("""{"text":"short","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"long"}}]}""", "short")]
    [TestCase("""{"blocks":[{"type":"header","text":{"type":"plain_text","text":"h"}},{"type":"divider"},{"type":"section","fields":[{"type":"mrkdwn","text":"f"}]},{"type":"context","elements":[{"type":"mrkdwn","text":"c"}]}]}""", "h\nf\nc")]
    [TestCase("""{"text":"one\r\ntwo\u0007\u001b[1m three"}""", "one\ntwo[1m three")]
    [TestCase("""{"text":"x","channel":7,"attachments":null,"blocks":{}}""", "x")]
    public async Task Texts_attachments_and_blocks_of_a_message_become_lines(string payload, string text)
    {
        await using var room = await CreateRoomAsync();
        (await Http.PostAsync(room.Hook, payload)).Body.Should().Be("ok");
        (await room.Owner.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be(text);
    }

    [TestCase("""{"text":""}""", ErrorCode.MissingField)]
    [TestCase("""{"attachments":[{"color":"danger"}]}""", ErrorCode.MissingField)]
    [TestCase("""{"text":"\u200b"}""", ErrorCode.BadField)]
    [TestCase("""{"text":"x" """, ErrorCode.BadJson)]
    [TestCase("""{"text":"\ud800"}""", ErrorCode.BadJson)]
    [TestCase("payload=7", ErrorCode.BadJson)]
    [TestCase("other=%7B%7D", ErrorCode.BadFrame)]
    [TestCase("disk is full", ErrorCode.BadFrame)]
    [TestCase("", ErrorCode.BadFrame)]
    public async Task Bad_message_gets_400_with_the_reason(string body, string code)
    {
        await using var room = await CreateRoomAsync();
        (await Http.PostAsync(room.Hook, body)).ShouldBe(400, code);
        (await room.ReadAsync()).Messages.Should().BeEmpty();
    }

    [Test]
    public async Task Too_long_text_is_rejected()
    {
        await using var room = await CreateRoomAsync();
        (await Http.PostAsync(room.Hook, $$"""{"text":"{{new string('x', 8_001)}}"}""")).ShouldBe(400, ErrorCode.TooLong);
    }

    [Test]
    public async Task Unknown_or_revoked_token_gets_404()
    {
        await using var room = await CreateRoomAsync();
        (await Http.PostAsync("/hooks/unknown", """{"text":"x"}""")).ShouldBe(404, ErrorCode.NotFound);
        await room.Owner.RequestAsync<TokensFrame>(TokenSteps.Tokens("revoke", room.Name, TokenRoom.BotName));
        (await Http.PostAsync(room.Hook, """{"text":"x"}""")).ShouldBe(404, ErrorCode.NotFound);
    }
}
