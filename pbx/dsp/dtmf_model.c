/* Two sines through the windows of the DTMF receiver: see dtmf_model.h. */
#include "dtmf_model.h"

#include <math.h>

#include "generated_tables.h"

#define TONES_MAX DTMF_MODEL_TONES
#define TURN_OF_ONE_HZ (2.0f * 3.14159265f / 8000.0f)
#define WHOLE_TURN (2.0f * 3.14159265f)
#define APART 0.35f /* of a window: fractions further apart are those of two tones that do not share their edge */

static const struct dtmf_window *window_of(const struct dtmf_group *group, int64_t tick) {
  return &group->window[tick & (DTMF_SLOTS - 1)];
}

static float nominal_turn(int tone) { return (tone < 8 ? (float)dtmf_frequency_hz[tone] : 450.0f) * TURN_OF_ONE_HZ; }

/* Sine and cosine of at most 2.5 radians, to about 1e-5: deviations from a nominal frequency turn no further. */
static void small_angle(float angle, float *sine, float *cosine) {
  float a = angle * 0.5f, q = a * a;
  float s = a * (1.0f - q * (1.0f / 6.0f - q * (1.0f / 120.0f - q * (1.0f / 5040.0f - q * (1.0f / 362880.0f)))));
  float c = 1.0f - q * (0.5f - q * (1.0f / 24.0f - q * (1.0f / 720.0f - q * (1.0f / 40320.0f - q * (1.0f / 3628800.0f)))));
  *sine = 2.0f * s * c;
  *cosine = c * c - s * s;
}

/* Angle of a vector to about 1e-4, which is 2 mHz of a frequency. */
static float angle_of(float real, float imaginary) {
  float across = fabsf(real), up = fabsf(imaginary), big = across > up ? across : up, small = across > up ? up : across;
  float t = small / (big + 1e-20f), q = t * t;
  float angle = t * (0.9998660f - q * (0.3302995f - q * (0.1801410f - q * (0.0851330f - q * 0.0208351f))));
  angle = up > across ? 0.5f * 3.14159265f - angle : angle;
  angle = real < 0.0f ? 3.14159265f - angle : angle;
  return imaginary < 0.0f ? -angle : angle;
}

/* As dtmf_angle, for a frequency near that of a tone. */
static void angles(int tone, float turn, float angle[4]) {
  const float *nominal = dtmf_angle[tone];
  float stray = turn - nominal_turn(tone), sine, cosine;
  small_angle(0.5f * stray, &sine, &cosine);
  angle[0] = nominal[0] * cosine + nominal[1] * sine;
  angle[1] = nominal[1] * cosine - nominal[0] * sine;
  small_angle(0.5f * (float)DTMF_WINDOW * stray, &sine, &cosine);
  angle[2] = nominal[2] * cosine + nominal[3] * sine;
  angle[3] = nominal[3] * cosine - nominal[2] * sine;
}

/* Twice the mean of cos(a t) cos(b t) and of sin(a t) sin(b t) over a window, t counted from its middle. */
static void mean_products(const float *a, const float *b, float *cosines, float *sines) {
  float below = (a[0] * b[1] - a[1] * b[0]) * DTMF_WINDOW, above = a[2] * b[3] - a[3] * b[2];
  float apart = fabsf(below) < 1e-3f ? 1.0f : above / below;
  float together = (a[2] * b[3] + a[3] * b[2]) / ((a[0] * b[1] + a[1] * b[0]) * DTMF_WINDOW);
  *cosines = apart + together;
  *sines = apart - together;
}

static void respond(struct dtmf_model *model, const float (*sines)[4]) {
  for (int i = 0; i < model->tones; i++)
    for (int j = 0; j < model->tones; j++)
      mean_products(dtmf_angle[model->tone[i]], sines[j], &model->response.cosine[i][j], &model->response.sine[i][j]);
}

void dtmf_model_nominal(struct dtmf_model *model, int digit, int tones) {
  float angle[TONES_MAX][4];
  model->tones = tones;
  model->tone[0] = digit / 4;
  model->tone[1] = 4 + digit % 4;
  model->tone[2] = 8;
  for (int k = 0; k < model->tones; k++)
    for (int n = 0; n < 4; n++)
      angle[k][n] = dtmf_angle[model->tone[k]][n];
  respond(model, (const float(*)[4])angle);
}

static void respond_bent(struct dtmf_model *model) {
  float angle[TONES_MAX][4];
  for (int k = 0; k < model->tones; k++)
    angles(model->tone[k], model->turn[k], angle[k]);
  respond(model, (const float(*)[4])angle);
}

/* Three equations by elimination; the diagonal is near one and rules. */
static void solve_three(const float given[TONES_MAX][TONES_MAX], const float *right, float *out) {
  float matrix[TONES_MAX][TONES_MAX], value[TONES_MAX];
  for (int i = 0; i < TONES_MAX; i++) {
    value[i] = right[i];
    for (int j = 0; j < TONES_MAX; j++)
      matrix[i][j] = given[i][j];
  }
  for (int i = 0; i < TONES_MAX; i++) {
    for (int j = i + 1; j < TONES_MAX; j++) {
      float factor = matrix[j][i] / matrix[i][i];
      for (int k = i; k < TONES_MAX; k++)
        matrix[j][k] -= factor * matrix[i][k];
      value[j] -= factor * value[i];
    }
  }
  for (int i = TONES_MAX - 1; i >= 0; i--) {
    out[i] = value[i];
    for (int j = i + 1; j < TONES_MAX; j++)
      out[i] -= matrix[i][j] * out[j];
    out[i] /= matrix[i][i];
  }
}

static void solve(const float matrix[TONES_MAX][TONES_MAX], const float *right, float *out, int unknowns) {
  if (unknowns > 2) {
    solve_three(matrix, right, out);
    return;
  }
  float over = 1.0f / (matrix[0][0] * matrix[1][1] - matrix[0][1] * matrix[1][0]);
  out[0] = (right[0] * matrix[1][1] - right[1] * matrix[0][1]) * over;
  out[1] = (right[1] * matrix[0][0] - right[0] * matrix[1][0]) * over;
}

static void solve_window(const struct dtmf_model *model, const struct dtmf_window *window, int lane, float *cosine,
                         float *sine) {
  float right[2][TONES_MAX];
  for (int k = 0; k < model->tones; k++) {
    right[0][k] = window->cosine[model->tone[k]][lane];
    right[1][k] = window->sine[model->tone[k]][lane];
  }
  solve(model->response.cosine, right[0], cosine, model->tones);
  solve(model->response.sine, right[1], sine, model->tones);
}

/* Amplitudes about a middle one tick later (`way` 1) or earlier (-1). */
static void turn_on(const struct dtmf_model *model, float way, float *cosine, float *sine) {
  for (int k = 0; k < model->tones; k++) {
    float real = model->step_cosine[k], imaginary = way * model->step_sine[k], was = cosine[k];
    cosine[k] = was * real + sine[k] * imaginary;
    sine[k] = sine[k] * real - was * imaginary;
  }
}

float dtmf_model_size(const struct dtmf_model *model, int tone) {
  return model->cosine[tone] * model->cosine[tone] + model->sine[tone] * model->sine[tone];
}

/* True frequencies from the advance of the phases between neighbouring windows. */
static void bend(struct dtmf_model *model, const float (*cosine)[TONES_MAX], const float (*sine)[TONES_MAX], int windows) {
  for (int k = 0; k < model->tones; k++) {
    float real = 0, imaginary = 0, turn = nominal_turn(model->tone[k]);
    for (int w = 1; w < windows; w++) {
      real += cosine[w][k] * cosine[w - 1][k] + sine[w][k] * sine[w - 1][k];
      imaginary += cosine[w][k] * sine[w - 1][k] - sine[w][k] * cosine[w - 1][k];
    }
    float size = 1.0f / (sqrtf(real * real + imaginary * imaginary) + 1e-9f);
    model->step_cosine[k] = real * size;
    model->step_sine[k] = imaginary * size;
    float rest = angle_of(real, imaginary) - turn * KERNEL_BLOCK_SAMPLES;
    model->turn[k] = turn + (rest - WHOLE_TURN * rintf(rest / WHOLE_TURN)) / KERNEL_BLOCK_SAMPLES;
  }
}

static void solve_windows(const struct dtmf_model *model, const struct dtmf_group *group, int lane, int64_t first, int windows,
                          float (*cosine)[TONES_MAX], float (*sine)[TONES_MAX]) {
  for (int w = 0; w < windows; w++)
    solve_window(model, window_of(group, first + w), lane, cosine[w], sine[w]);
}

void dtmf_model_fit(struct dtmf_model *model, const struct dtmf_group *group, int lane, int digit, int tones,
                    int64_t first, int64_t last) {
  int windows = (int)(last - first) + 1;
  float cosine[DTMF_SLOTS][TONES_MAX], sine[DTMF_SLOTS][TONES_MAX];
  dtmf_model_nominal(model, digit, tones);
  model->at = last;
  solve_windows(model, group, lane, first, windows, cosine, sine);
  bend(model, (const float(*)[TONES_MAX])cosine, (const float(*)[TONES_MAX])sine, windows);
  respond_bent(model);
  solve_windows(model, group, lane, first, windows, cosine, sine);
  bend(model, (const float(*)[TONES_MAX])cosine, (const float(*)[TONES_MAX])sine, windows);
  for (int k = 0; k < tones; k++) {
    model->cosine[k] = cosine[0][k];
    model->sine[k] = sine[0][k];
  }
  for (int w = 1; w < windows; w++) {
    turn_on(model, 1.0f, model->cosine, model->sine);
    for (int k = 0; k < tones; k++) {
      model->cosine[k] += cosine[w][k];
      model->sine[k] += sine[w][k];
    }
  }
  for (int k = 0; k < tones; k++) {
    model->cosine[k] /= (float)windows;
    model->sine[k] /= (float)windows;
  }
}

void dtmf_model_at(struct dtmf_model *model, const struct dtmf_group *group, int lane, int64_t tick) {
  model->at = tick;
  solve_window(model, window_of(group, tick), lane, model->cosine, model->sine);
}

/* The model as it stands at the window of another tick. */
static void amplitudes_at(const struct dtmf_model *model, int64_t tick, float *cosine, float *sine) {
  for (int k = 0; k < model->tones; k++) {
    cosine[k] = model->cosine[k];
    sine[k] = model->sine[k];
  }
  for (; tick < model->at; tick++)
    turn_on(model, -1.0f, cosine, sine);
  for (; tick > model->at; tick--)
    turn_on(model, 1.0f, cosine, sine);
}

float dtmf_model_rest(const struct dtmf_model *model, const struct dtmf_group *group, int lane, int64_t first,
                      int64_t last) {
  float angle[TONES_MAX][4], cosines[TONES_MAX][TONES_MAX], sines[TONES_MAX][TONES_MAX];
  float rest = 0, cosine[TONES_MAX], sine[TONES_MAX];
  for (int k = 0; k < model->tones; k++) {
    angles(model->tone[k], model->turn[k], angle[k]);
    for (int j = 0; j <= k; j++)
      mean_products(angle[k], angle[j], &cosines[k][j], &sines[k][j]);
  }
  amplitudes_at(model, last, cosine, sine);
  for (int64_t tick = last; tick >= first; tick--) {
    float explained = 0;
    for (int i = 0; i < model->tones; i++)
      for (int j = 0; j <= i; j++)
        explained += (i == j ? 0.5f : 1.0f) * (cosine[i] * cosine[j] * cosines[i][j] + sine[i] * sine[j] * sines[i][j]);
    rest += window_of(group, tick)->total[lane] - explained;
    turn_on(model, -1.0f, cosine, sine);
  }
  return rest / (float)(last - first + 1);
}

float dtmf_model_dial_tone(const struct dtmf_model *model, const struct dtmf_group *group, int lane, int64_t tick) {
  const struct dtmf_window *window = window_of(group, tick);
  float cosine[TONES_MAX], sine[TONES_MAX];
  amplitudes_at(model, tick, cosine, sine);
  float expected_cosine = model->response.cosine[2][2] * cosine[2], expected_sine = model->response.sine[2][2] * sine[2];
  float whole = expected_cosine * expected_cosine + expected_sine * expected_sine + 1e-9f;
  return (window->cosine[8][lane] * expected_cosine + window->sine[8][lane] * expected_sine) / whole;
}

float dtmf_model_share(const struct dtmf_model *model, const struct dtmf_group *group, int lane, int64_t tick) {
  const struct dtmf_window *window = window_of(group, tick);
  const struct dtmf_response *response = &model->response;
  float cosine[TONES_MAX], sine[TONES_MAX], part[2], whole[2];
  amplitudes_at(model, tick, cosine, sine);
  for (int i = 0; i < 2; i++) {
    float expected_cosine = 0, expected_sine = 0;
    for (int j = 0; j < model->tones; j++) {
      expected_cosine += response->cosine[i][j] * cosine[j];
      expected_sine += response->sine[i][j] * sine[j];
    }
    float heard_cosine = window->cosine[model->tone[i]][lane], heard_sine = window->sine[model->tone[i]][lane];
    part[i] = heard_cosine * expected_cosine + heard_sine * expected_sine;
    whole[i] = expected_cosine * expected_cosine + expected_sine * expected_sine + 1e-9f;
  }
  float low = part[0] / whole[0], high = part[1] / whole[1], both = (part[0] + part[1]) / (whole[0] + whole[1]);
  float share = fabsf(low - high) > APART ? fminf(low, high) : both;
  return share < 0.0f ? 0.0f : share > 1.0f ? 1.0f : share;
}
