using System.Buffers.Binary;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Sessions;

/// <summary>Limits on password attempts. The answers do not show whether a name is registered.</summary>
[TestFixture("ws")]
[TestFixture("tcp")]
public sealed class LoginAttemptTests(string transport) : AccountFixture(transport)
{
    [Test]
    public async Task Wrong_password_and_unknown_name_get_the_same_answer_at_the_same_cost()
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        await ann.RequestAsync<WelcomeFrame>(Register("ann"));
        var (eve, _) = await ConnectAsync("eve");
        var answers = new List<string>();
        foreach (var name in new[] { "ann", "nobody", "no name at all", "\u202Eann", "annа" })
        {
            var before = Hasher.VerifyCount;
            var error = await eve.RequestAsync<ErrorFrame>(Login(name, "not my password"));
            error.Error.Code.Should().Be(ErrorCode.BadPassword);
            (Hasher.VerifyCount - before).Should().Be(1, $"the server verifies a hash for {name}");
            Hasher.LastHash.Should().HaveLength(Hasher.HashPassword(null!, "x").Length, "the dummy hash has the same cost");
            answers.Add(System.Text.Encoding.UTF8.GetString(ChatCodec.Encode(error with { Id = default })));
        }

        answers.Distinct().Should().ContainSingle();
        (await eve.RequestAsync<WelcomeFrame>(Whoami)).Name.Should().Be("eve");
    }

    [Test]
    public async Task Logins_wait_in_a_bounded_queue_and_do_not_delay_messages()
    {
        await StartAsync("--Limits:Enabled", "false");
        var (ann, _) = await ConnectAsync("ann");
        await ann.RequestAsync<JoinedFrame>(Join("lobby"));
        Hasher.Hold();
        var crowd = new List<IChatPeer>();
        for (var i = 0; i < 33; i++)
        {
            crowd.Add((await ConnectAsync(null)).Peer);
            await crowd[i].SendAsync(Login("nobody", "wrong password") with { Id = FrameId.From(i) });
        }

        var refused = await Task.WhenAny(crowd.Select(peer => peer.Inbox.ExpectAsync<ErrorFrame>()));
        (await refused).Error.Should().Match<ChatError>(error => error.Code == ErrorCode.RateLimited && error.RetryAfterMs > 0);
        (await ann.RequestAsync<AckFrame>(Say("meanwhile", id: "x"))).Seq.Should().Be(1);
        Hasher.Release();
        await TestWait.UntilAsync(() => crowd.All(peer => peer.Inbox.All.OfType<ErrorFrame>().Any()), "all answers");
        crowd.SelectMany(peer => peer.Inbox.All.OfType<ErrorFrame>()).Count(error => error.Error.Code == ErrorCode.BadPassword).Should().Be(32);
    }

    [Test]
    public async Task Login_attempts_are_limited_per_name_including_its_disguises_and_the_limit_recovers_over_time()
    {
        await StartAsync("--Limits:LoginAttemptsPerName", "3");
        var (ann, _) = await ConnectAsync("ann");
        await ann.RequestAsync<WelcomeFrame>(Register("ann"));
        var (eve, _) = await ConnectAsync("eve");
        for (var i = 0; i < 5; i++)
            await eve.RequestAsync<WelcomeFrame>(Login("ann", Password));

        foreach (var name in new[] { "ann", "ANN", "ａnn" })
            (await eve.RequestAsync<ErrorFrame>(Login(name, "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword);
        var error = (await eve.RequestAsync<ErrorFrame>(Login("ánn", Password))).Error;
        error.Should().Match<ChatError>(error => error.Code == ErrorCode.RateLimited && error.RetryAfterMs == 30_000);
        (await eve.RequestAsync<ErrorFrame>(Login("other", Password))).Error.Code.Should().Be(ErrorCode.BadPassword, "each name has its own limit");

        Time.Advance(TimeSpan.FromSeconds(30));
        await eve.RequestAsync<WelcomeFrame>(Login("ann", Password));
        (await eve.RequestAsync<ErrorFrame>(Login("ann", "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword, "the successful login does not count");
        (await eve.RequestAsync<ErrorFrame>(Login("ann", "wrong password"))).Error.Code.Should().Be(ErrorCode.RateLimited);
    }

    [Test]
    public async Task Login_attempts_and_registrations_are_limited_per_address_over_all_connections()
    {
        await StartAsync("--Limits:LoginAttemptsPerAddress", "3");
        var (one, _) = await ConnectAsync("one");
        var (two, _) = await ConnectAsync("two");
        await one.RequestAsync<WelcomeFrame>(Register("one"));
        (await one.RequestAsync<ErrorFrame>(Login("a", "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword);
        (await two.RequestAsync<ErrorFrame>(Login("b", "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword);
        (await two.RequestAsync<ErrorFrame>(Login("c", "wrong password"))).Error
            .Should().Match<ChatError>(error => error.Code == ErrorCode.RateLimited && error.RetryAfterMs == 3_000);
        (await two.RequestAsync<ErrorFrame>(Register("two"))).Error.Code.Should().Be(ErrorCode.RateLimited);
        Time.Advance(TimeSpan.FromSeconds(3));
        await two.RequestAsync<WelcomeFrame>(Register("two"));
    }

    [Test]
    public async Task Registration_does_not_count_if_another_server_has_registered_the_name_meanwhile()
    {
        var storage = new FailingIdentityStore();
        await StartAsync(storage, "--Limits:RegistrationsPerAddress", "1");
        var (ann, _) = await ConnectAsync("ann");
        Hasher.Hold();
        var registering = ann.RequestAsync<ErrorFrame>(Register("ann"));
        await TestWait.UntilAsync(() => Hasher.IsHeld, "the hashing");
        (await storage.TryAddAccountAsync(new StoredAccount("u-other", "ann", "x", Time.GetUtcNow()), NameSkeleton.CreateAll("ann"), default)).Should().BeTrue();
        Hasher.Release();
        (await registering).Error.Code.Should().Be(ErrorCode.NameTaken);

        await ann.RequestAsync<WelcomeFrame>(Register("anna"));
        var (bob, _) = await ConnectAsync("bob");
        (await bob.RequestAsync<ErrorFrame>(Register("bob"))).Error.Code.Should().Be(ErrorCode.RateLimited);
    }

    [Test]
    public async Task Successful_login_counts_as_an_attempt_of_the_address()
    {
        await StartAsync("--Limits:LoginAttemptsPerAddress", "4");
        var (ann, _) = await ConnectAsync("ann");
        await ann.RequestAsync<WelcomeFrame>(Register("ann"));
        for (var i = 0; i < 3; i++)
            await ann.RequestAsync<WelcomeFrame>(Login("ann", Password));
        var before = Hasher.VerifyCount;
        (await ann.RequestAsync<ErrorFrame>(Login("ann", Password))).Error
            .Should().Match<ChatError>(error => error.Code == ErrorCode.RateLimited && error.RetryAfterMs == 3_000);
        Hasher.VerifyCount.Should().Be(before, "the server verifies no further password");
        Time.Advance(TimeSpan.FromSeconds(3));
        await ann.RequestAsync<WelcomeFrame>(Login("ann", Password));
    }

    [Test]
    public async Task Password_change_is_delayed_while_other_addresses_guess_the_password()
    {
        await StartAsync("--Limits:LoginAttemptsPerName", "2");
        var (ann, _) = await ConnectAsync("ann");
        var (eve, _) = await ConnectAsync("eve");
        var token = (await ann.RequestAsync<WelcomeFrame>(Register("ann"))).Session;
        var session = (await Server.Services.GetRequiredService<SessionStore>().ResumeAsync(token))!.Session;
        var accounts = Server.Services.GetRequiredService<Accounts>();
        foreach (var remote in (string[])["192.0.2.1:1", "192.0.2.2:1"])
            (await accounts.LoginAsync("ann", "wrong password", remote)).Rejection!.Code.Should().Be(ErrorCode.BadPassword);

        var before = Hasher.VerifyCount;
        var changing = accounts.ChangePasswordAsync(session, Password, "another long password", "192.0.2.3:1");
        (await eve.RequestAsync<ErrorFrame>(Login("nobody", "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword);
        (Hasher.VerifyCount - before).Should().Be(1, "the server has verified only eve's password, and the change of ann's password still waits");
        Time.Advance(AttemptLimits.SlowNameDelay);
        (await changing.OrFail("the change")).Should().BeNull();
        (Hasher.VerifyCount - before).Should().Be(2);
    }

    [Test]
    public async Task Password_hash_has_the_documented_number_of_iterations()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var hash = server.Services.GetRequiredService<IPasswordHasher<StoredAccount>>().HashPassword(null!, Password);
        var bytes = Convert.FromBase64String(hash);
        BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(1)).Should().Be(2, "HMAC-SHA-512");
        BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(5)).Should().Be(210_000);
    }

    [Test]
    public async Task Login_attempts_are_not_limited_when_limits_are_disabled()
    {
        await StartAsync("--Limits:Enabled", "false", "--Limits:LoginAttemptsPerAddress", "1", "--Limits:LoginAttemptsPerName", "1");
        var (eve, _) = await ConnectAsync("eve");
        for (var i = 0; i < 5; i++)
            (await eve.RequestAsync<ErrorFrame>(Login("ann", "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword);
    }
}
