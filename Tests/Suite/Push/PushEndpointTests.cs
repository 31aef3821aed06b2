using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Push;

/// <summary><c>/push</c>: the subscriptions of browsers.</summary>
public sealed class PushEndpointTests
{
    private const string Keys = """ "keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}""";

    [Test]
    public async Task Server_without_keys_offers_no_push_messages()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort);
        (await ann.GetAsync("/push")).ShouldBe(404, ErrorCode.NotOffered);
        (await ann.PostAsync("/push", "{}")).ShouldBe(404, ErrorCode.NotOffered);
        (await ann.GetAsync("/")).Body.Should().NotContain("data-push=");
    }

    [Test]
    public async Task Everybody_can_read_the_public_key()
    {
        await using var server = await ServerUnderTest.StartAsync(PushRoom.Settings);
        using var anybody = new HttpTestClient(server.HttpPort);
        (await anybody.GetAsync("/push")).Body.Should().Be($$"""{"key":"{{PushRoom.Keys.Public}}"}""");
        (await anybody.GetAsync("/")).Body.Should().Contain($"data-push=\"{PushRoom.Keys.Public}\"").And.NotContain(PushRoom.Keys.Private);
    }

    [Test]
    public async Task Subscription_needs_a_session_and_a_page_of_another_origin_is_rejected()
    {
        await using var server = await ServerUnderTest.StartAsync(PushRoom.Settings);
        using var anybody = new HttpTestClient(server.HttpPort);
        (await anybody.PostAsync("/push", Create())).ShouldBe(401, ErrorCode.NotAllowed);
        using var ended = new HttpTestClient(server.HttpPort, new string('0', 64));
        (await ended.PostAsync("/push", Create())).ShouldBe(401, ErrorCode.NotFound);
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort);
        (await ann.PostAsync("/push", Create(), ("Origin", "https://evil.example"))).ShouldBe(403, ErrorCode.NotAllowed);
        (await ann.PostAsync("/push", Create(), ("Sec-Fetch-Site", "cross-site"))).ShouldBe(403, ErrorCode.NotAllowed);
        (await ann.RequestAsync(HttpMethod.Put, "/push", null)).Status.Should().Be(405);
        (await ann.PostAsync("/push", Create())).Status.Should().Be(204);
    }

    [TestCase("http://198.41.0.4/x", "\"endpoint\" must begin with https://")]
    [TestCase("https://10.0.0.7/x", "\"endpoint\" must be the address of a public server*")]
    [TestCase("https://[::1]/x", "\"endpoint\" must be the address of a public server*")]
    [TestCase("https://169.254.169.254/latest", "\"endpoint\" must be the address of a public server*")]
    [TestCase("https://user:word@198.41.0.4/x", "\"endpoint\" must have no user name, no password and no fragment")]
    [TestCase("file:///etc/passwd", "\"endpoint\" must be an https address, such as https://example.org/chat")]
    [TestCase("nonsense", "\"endpoint\" must be an https address, such as https://example.org/chat")]
    public async Task Endpoint_must_be_a_public_https_address(string endpoint, string error)
    {
        await using var server = await ServerUnderTest.StartAsync(PushRoom.Settings);
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort);
        (await ann.PostAsync("/push", Create(endpoint))).ShouldBe(400, ErrorCode.BadField).Text.Should().Match(error);
    }

    [Test]
    public async Task Endpoint_is_limited_to_2000_characters_and_the_body_to_8_KiB()
    {
        await using var server = await ServerUnderTest.StartAsync(PushRoom.Settings);
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort);
        (await ann.PostAsync("/push", Create("http://127.0.0.1/" + new string('x', 2000)))).ShouldBe(400, ErrorCode.BadField).Text.Should().Be("\"endpoint\" must have at most 2000 characters");
        (await ann.PostAsync("/push", Create("http://127.0.0.1/" + new string('x', 8192)))).ShouldBe(413, ErrorCode.TooBig);
    }

    [TestCase("nonsense", ErrorCode.BadJson)]
    [TestCase("[]", ErrorCode.BadJson)]
    [TestCase("null", ErrorCode.BadJson)]
    [TestCase("""{"endpoint":5}""", ErrorCode.BadJson)]
    [TestCase("{}", ErrorCode.MissingField)]
    [TestCase("""{"endpoint":"http://127.0.0.1/x"}""", ErrorCode.MissingField)]
    [TestCase("""{"endpoint":"http://127.0.0.1/x","keys":{"p256dh":"BCVx"}}""", ErrorCode.MissingField)]
    [TestCase("""{"endpoint":"http://127.0.0.1/x","keys":{"p256dh":"BCVx","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}""", ErrorCode.BadField)]
    [TestCase("""{"endpoint":"http://127.0.0.1/x",""" + Keys + ""","level":"loud"}""", ErrorCode.BadField)]
    [TestCase("""{"endpoint":"http://127.0.0.1/x",""" + Keys + ""","quietUntil":"soon"}""", ErrorCode.BadField)]
    public async Task Bad_subscription_is_rejected(string body, string code)
    {
        await using var server = await ServerUnderTest.StartAsync(PushRoom.Settings);
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort);
        (await ann.PostAsync("/push", body)).ShouldBe(code == ErrorCode.TooBig ? 413 : 400, code);
    }

    [Test]
    public async Task Request_from_an_address_with_too_few_points_is_rejected()
    {
        await using var server = await ServerUnderTest.StartAsync([.. PushRoom.Settings, "--Addresses:ChargeLoopback", "true", "--Addresses:PointBurst", "100", "--Addresses:PointsPerSecond", "1"]);
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort);
        var answers = new List<HttpTestResponse>();
        for (var i = 0; i < 12; i++)
            answers.Add(await ann.PostAsync("/push", Create()));
        answers.Should().Contain(answer => answer.Status == 204);
        answers[^1].ShouldBe(429, ErrorCode.RateLimited);
    }

    private static string Create(string endpoint = "http://127.0.0.1/x") => $$"""{"endpoint":"{{endpoint}}",{{Keys}}}""";
}
