using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Api;

/// <summary>The rate limits of programs.</summary>
public sealed class ApiLimitsTests
{
    [Test]
    public async Task Token_that_posts_too_fast_gets_429_and_other_tokens_do_not()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:MessageBurst", "4", "--Limits:MessagesPerSecond", "1");
        await using var room = await TokenRoom.CreateAsync(server);
        HttpTestResponse answer;
        var posted = 0;
        while ((answer = await room.PostAsync("""{"text":"x"}""")).Status == 201 && posted < 50)
            posted++;
        posted.Should().BeInRange(4, 20);
        answer.ShouldBe(429, ErrorCode.RateLimited).RetryAfterMs.Should().BeInRange(1, 1000);
        answer.Headers["Retry-After"].Should().Equal("1");
        answer = await room.Program.PostAsync(room.Hook, """{"text":"x"}""");
        if (answer.Status != 200)
            answer.ShouldBe(429, ErrorCode.RateLimited);

        var other = (await room.Owner.CreateTokenAsync(room.Name, "other")).Token;
        (await room.Program.PostAsync(room.Messages, """{"text":"x"}""", ("Authorization", $"Bearer {other}"))).Status.Should().Be(201);
        (await room.Owner.SayAsync("people are not affected", room: room.Name)).Seq.Should().NotBeNull();
    }

    [Test]
    public async Task Token_that_reads_too_fast_gets_429()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:RequestsPerSecond", "1");
        await using var room = await TokenRoom.CreateAsync(server);
        HttpTestResponse answer;
        var read = 0;
        while ((answer = await room.Program.GetAsync(room.Messages)).Status == 200 && read < 100)
            read++;
        read.Should().BeInRange(10, 40);
        answer.ShouldBe(429, ErrorCode.RateLimited);
    }

    [Test]
    public async Task Program_gets_429_when_its_address_has_no_points_left()
    {
        await using var server = await ServerUnderTest.StartAsync(
            "--Addresses:ChargeLoopback", "true", "--Addresses:PointBurst", "400", "--Addresses:PointsPerSecond", "1", "--Limits:MessageBurst", "1000", "--Limits:MessagesPerSecond", "1000");
        await using var room = await TokenRoom.CreateAsync(server);
        HttpTestResponse answer;
        var posted = 0;
        while ((answer = await room.PostAsync("""{"text":"x"}""")).Status == 201 && posted < 200)
            posted++;
        posted.Should().BeInRange(5, 100);
        answer.ShouldBe(429, ErrorCode.RateLimited);
    }
}
