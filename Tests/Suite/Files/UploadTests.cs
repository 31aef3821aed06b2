using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Files;

/// <summary><c>POST /files</c>: permissions, quotas, and the files that the server stores.</summary>
public sealed class UploadTests
{
    private ServerUnderTest _server = null!;
    private FileClient _ann = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Files:MaxBytes", "100000");

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [SetUp]
    public async Task Begin() => _ann = await FileClient.StartAsync(_server.HttpPort);

    [TearDown]
    public void End() => _ann.Dispose();

    [Test]
    public async Task Raw_body_becomes_a_file_with_its_name_type_and_size()
    {
        var content = TestContents.Random(70_000, seed: 1);
        var file = await _ann.UploadAsync(content, "Köln/猫.bin");
        file.Should().BeEquivalentTo(new AttachedFile(file.Id, "猫.bin", "application/octet-stream", 70_000));
        file.Id.Should().MatchRegex("^[0-9a-f]{32}$");
        (await _ann.DownloadAsync(file)).Bytes.Should().Equal(content);
    }

    [Test]
    public async Task File_of_a_form_is_stored_under_a_safe_name_and_with_the_type_of_its_content()
    {
        var file = await _ann.UploadFormAsync("<script>alert(1)</script>"u8.ToArray(), "../猫 *.png");
        file.Name.Should().Be("猫 _.png");
        file.Type.Should().Be("text/plain", "the type of the form does not matter");
        (await _ann.DownloadAsync(file)).Bytes.Should().Equal("<script>alert(1)</script>"u8.ToArray());
    }

    [Test]
    public async Task Form_is_rejected_unless_it_has_exactly_one_file_and_is_complete()
    {
        using var twoFiles = new MultipartFormDataContent { { new ByteArrayContent([1]), "a", "a.bin" }, { new ByteArrayContent([2]), "b", "b.bin" } };
        (await _ann.Http.RequestAsync(HttpMethod.Post, "/files", twoFiles)).ShouldBe(400, ErrorCode.TooMany).Text.Should().Contain("one file");
        using var noFile = new MultipartFormDataContent { { new StringContent("x"), "note" } };
        (await _ann.Http.RequestAsync(HttpMethod.Post, "/files", noFile)).ShouldBe(400, ErrorCode.MissingField);
        foreach (var body in (string[])["", "--b\r\n", "--b\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\ntext", "--b\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\ntext\r\n--b"])
            (await PostAsync(body, "multipart/form-data; boundary=b")).ShouldBe(400, ErrorCode.BadFrame);
        (await PostAsync("x", "multipart/form-data")).ShouldBe(400, ErrorCode.BadFrame).Text.Should().Contain("boundary");
        (await _ann.UploadFormAsync([1], "a")).Bytes.Should().Be(1);

        Task<HttpTestResponse> PostAsync(string body, string type)
        {
            var content = new ByteArrayContent(TestContents.Text(body));
            content.Headers.TryAddWithoutValidation("Content-Type", type);
            return _ann.Http.RequestAsync(HttpMethod.Post, "/files", content);
        }
    }

    [Test]
    public async Task Empty_file_can_be_uploaded()
    {
        var file = await _ann.UploadAsync([]);
        file.Bytes.Should().Be(0);
        (await _ann.DownloadAsync(file)).Bytes.Should().BeEmpty();
    }

    [Test]
    public async Task Equal_contents_are_stored_once()
    {
        var content = TestContents.Random(5_000, seed: 2);
        var (first, second) = (await _ann.UploadAsync(content, "a"), await _ann.UploadAsync(content, "b"));
        first.Id.Should().NotBe(second.Id);
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content));
        _server.ListContents().Where(name => name.Contains(hash, StringComparison.Ordinal)).Should().Equal(Path.Combine(hash[..2], hash));
        new FileInfo(_server.GetContents().GetPath(hash)).Length.Should().Be(5_000);
    }

    [Test]
    public async Task Too_large_file_is_rejected_and_leaves_nothing([Values] bool isAnnounced)
    {
        var before = _server.ListContents();
        HttpContent content = isAnnounced ? new ByteArrayContent(new byte[100_001]) : new StreamContent(new UnsizedStream(new byte[400_000]));
        var error = (await _ann.Http.RequestAsync(HttpMethod.Post, "/files", content)).ShouldBe(413, ErrorCode.TooBig);
        error.Text.Should().Contain("100000 bytes");
        _server.ListContents().Should().Equal(before);
        (await _ann.UploadAsync(new byte[100_000])).Bytes.Should().Be(100_000);
    }

    [Test]
    public async Task Too_large_file_of_a_form_is_rejected()
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(new byte[100_001]), "a", "a.bin" } };
        (await _ann.Http.RequestAsync(HttpMethod.Post, "/files", form)).ShouldBe(413, ErrorCode.TooBig);
    }

    [Test]
    public async Task Upload_needs_a_session_and_is_refused_to_pages_of_other_origins()
    {
        using var nobody = new HttpTestClient(_server.HttpPort);
        (await nobody.PostAsync("/files", "x")).ShouldBe(401, ErrorCode.NotAllowed);
        nobody.Token = new string('a', 32);
        (await nobody.PostAsync("/files", "x")).ShouldBe(401, ErrorCode.NotFound);
        (await _ann.PostAsync([1], "a", ("Origin", "https://evil.example"))).ShouldBe(403, ErrorCode.NotAllowed);
        (await _ann.PostAsync([1], "a", ("Origin", _ann.Http.OwnOrigin))).Status.Should().Be(201);
        FileClient.ReadFile(await nobody.PostAsync("/files", "x", ("Cookie", $"rsc_session={_ann.Http.Token}"))).Bytes.Should().Be(1);
    }

    [Test]
    public async Task Other_methods_get_405_and_the_allowed_methods()
    {
        var answer = await _ann.Http.GetAsync("/files");
        answer.ShouldBe(405, ErrorCode.BadFrame);
        answer.Headers["Allow"].Should().Equal("POST", "OPTIONS");
        var file = await _ann.UploadAsync([1]);
        (await _ann.Http.RequestAsync(HttpMethod.Delete, TextFormat.GetPath(file), null)).ShouldBe(405, ErrorCode.BadFrame);
        (await _ann.Http.RequestAsync(HttpMethod.Options, TextFormat.GetPath(file), null)).Headers["Allow"].Should().Equal("GET", "HEAD", "OPTIONS");
        (await _ann.Http.GetAsync("/files/x/y/z")).Status.Should().Be(404);
    }

    [Test]
    public async Task Welcome_has_the_maximum_size_of_a_file_and_the_feature_files()
    {
        var welcome = await _ann.SendAsync<WelcomeFrame>("""{"type":"whoami"}""");
        welcome.Limits.FileBytes.Should().Be(100_000);
        welcome.Features.Should().Contain("files");
    }

    [Test]
    public async Task Server_with_files_disabled_offers_no_uploads_but_still_sends_old_files()
    {
        using var folder = new TemporaryFolder();
        AttachedFile file;
        string token;
        await using (var with = await ServerUnderTest.StartAsync("--Data:Path", folder.Path))
        {
            using var bob = await FileClient.StartAsync(with.HttpPort);
            (file, token) = (await bob.UploadAsync([1, 2, 3]), bob.Http.Token!);
        }

        await using var without = await ServerUnderTest.StartAsync("--Data:Path", folder.Path, "--Files:Enabled", "false");
        using var client = await FileClient.JoinAsync(without.HttpPort);
        (await client.PostAsync([1])).ShouldBe(403, ErrorCode.NotOffered);
        (await client.SendAsync<ErrorFrame>(FileClient.CreateSay("", [file.Id]))).Error.Code.Should().Be(ErrorCode.NotOffered);
        var welcome = await client.SendAsync<WelcomeFrame>("""{"type":"whoami"}""");
        welcome.Limits.FileBytes.Should().Be(0);
        welcome.Features.Should().NotContain("files");
        client.Http.Token = token;
        (await client.DownloadAsync(file)).Bytes.Should().Equal(1, 2, 3);
    }

    [Test]
    public async Task Upload_over_the_quota_of_a_guest_or_an_account_or_the_server_is_rejected()
    {
        await using var server = await ServerUnderTest.StartAsync(
            "--Files:GuestQuotaFiles", "2", "--Files:GuestQuotaBytes", "3000", "--Files:UserQuotaFiles", "3", "--Files:UserQuotaBytes", "4000", "--Files:TotalBytes", "6000", "--Files:GuestTotalPercent", "100");
        using var guest = await FileClient.StartAsync(server.HttpPort);
        await guest.UploadAsync(TestContents.Random(2_000, seed: 1));
        (await guest.PostAsync(new byte[1_001])).ShouldBe(403, ErrorCode.TooMany).Text.Should().Contain("3000 bytes").And.Contain("register");
        await guest.UploadAsync(TestContents.Random(2_000, seed: 1)[..500]);
        (await guest.PostAsync([])).ShouldBe(403, ErrorCode.TooMany).Text.Should().Contain("2 files");

        using var account = await FileClient.StartAsync(server.HttpPort);
        account.Http.Token = (await account.SendAsync<WelcomeFrame>("""{"type":"register","name":"bob","password":"correct horse battery"}""")).Session;
        await account.UploadAsync(TestContents.Random(3_000, seed: 3));
        (await account.PostAsync(new byte[1_001])).ShouldBe(403, ErrorCode.TooMany).Text.Should().Contain("4000 bytes").And.NotContain("register");

        using var other = await FileClient.StartAsync(server.HttpPort);
        (await other.PostAsync(TestContents.Random(501, seed: 4))).ShouldBe(403, ErrorCode.TooMany).Text.Should().Contain("server's space for the files of guests");
        await other.UploadAsync(TestContents.Random(500, seed: 4));
        server.ListContents().Should().HaveCount(4);
    }

    [Test]
    public async Task Guests_cannot_use_the_space_that_is_reserved_for_accounts()
    {
        await using var server = await ServerUnderTest.StartAsync("--Files:TotalBytes", "10000", "--Files:GuestTotalPercent", "60");
        using var guest = await FileClient.StartAsync(server.HttpPort);
        await guest.UploadAsync(TestContents.Random(6_000, seed: 1));
        (await guest.PostAsync(TestContents.Random(1, seed: 2))).ShouldBe(403, ErrorCode.TooMany).Text.Should().Contain("register");

        using var account = await FileClient.StartAsync(server.HttpPort);
        account.Http.Token = (await account.SendAsync<WelcomeFrame>("""{"type":"register","name":"bob","password":"correct horse battery"}""")).Session;
        await account.UploadAsync(TestContents.Random(4_000, seed: 3));
        (await account.PostAsync(TestContents.Random(1, seed: 4))).ShouldBe(403, ErrorCode.TooMany).Text.Should().NotContain("register");
    }

    [Test]
    public async Task Limit_of_stored_bytes_applies_to_all_guests_of_one_address_together()
    {
        await using var server = await ServerUnderTest.StartAsync("--Addresses:ChargeLoopback", "true", "--Addresses:GuestFileBytesPerDay", "10240");
        using var first = await FileClient.StartAsync(server.HttpPort);
        await first.UploadAsync(TestContents.Random(6_000, seed: 1));
        using var second = await FileClient.StartAsync(server.HttpPort);
        (await second.PostAsync(TestContents.Random(6_000, seed: 2))).ShouldBe(403, ErrorCode.TooMany).Text.Should().Contain("register");
        await second.UploadAsync(TestContents.Random(4_000, seed: 3));

        second.Http.Token = (await second.SendAsync<WelcomeFrame>("""{"type":"register","name":"bob","password":"correct horse battery"}""")).Session;
        await second.UploadAsync(TestContents.Random(6_000, seed: 2));
    }

    [Test]
    public async Task Rejected_file_does_not_count_for_the_address()
    {
        await using var server = await ServerUnderTest.StartAsync(
            "--Addresses:ChargeLoopback", "true", "--Addresses:GuestFileBytesPerDay", "10240", "--Files:GuestQuotaBytes", "5000");
        using var guest = await FileClient.StartAsync(server.HttpPort);
        for (var i = 0; i < 3; i++)
        {
            // The client does not announce the size, so the server checks the quota only when it has the whole file.
            using var content = new StreamContent(new UnsizedStream(TestContents.Random(6_000, seed: i)));
            (await guest.Http.RequestAsync(HttpMethod.Post, "/files", content)).ShouldBe(403, ErrorCode.TooMany).Text.Should().Contain("5000 bytes");
        }

        await guest.UploadAsync(TestContents.Random(5_000, seed: 3));
    }

    [Test]
    public async Task Operator_can_allow_uploads_for_accounts_only()
    {
        await using var server = await ServerUnderTest.StartAsync("--Files:GuestQuotaFiles", "0");
        using var guest = await FileClient.StartAsync(server.HttpPort);
        (await guest.PostAsync([1])).ShouldBe(403, ErrorCode.TooMany).Text.Should().Contain("account");
    }

    [Test]
    public async Task Concurrent_uploads_of_one_content_store_it_once_and_stay_within_the_quota()
    {
        await using var server = await ServerUnderTest.StartAsync("--Files:GuestQuotaFiles", "10");
        using var guest = await FileClient.StartAsync(server.HttpPort);
        var content = TestContents.Random(50_000, seed: 5);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => guest.PostAsync(content)));
        answers.Count(answer => answer.Status == 201).Should().Be(10);
        answers.Where(answer => answer.Status != 201).Should().OnlyContain(answer => answer.Error.Code == ErrorCode.TooMany);
        server.ListContents().Should().ContainSingle();
    }

    [Test]
    public async Task Server_that_requires_a_login_rejects_uploads_of_guests()
    {
        await using var server = await ServerUnderTest.StartAsync("--Auth:Guests", "false");
        await using var guest = await ChatClient.ConnectAsync(server.HttpPort);
        using var http = new HttpTestClient(server.HttpPort, (await guest.Inbox.ExpectAsync<WelcomeFrame>()).Session);
        (await http.PostAsync("/files", "x")).ShouldBe(403, ErrorCode.NotAllowed);
    }

    [Test]
    public async Task Address_that_has_used_up_its_points_must_wait()
    {
        await using var server = await ServerUnderTest.StartAsync("--Addresses:ChargeLoopback", "true", "--Addresses:PointBurst", "100", "--Addresses:PointsPerSecond", "1");
        using var guest = await FileClient.StartAsync(server.HttpPort);
        HttpTestResponse? answer = null;
        for (var i = 0; i < 10 && answer?.Status != 429; i++)
            answer = await guest.PostAsync([1]);
        answer!.ShouldBe(429, ErrorCode.RateLimited).RetryAfterMs.Should().BePositive();
    }

    private sealed class UnsizedStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
